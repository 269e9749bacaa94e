import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createTestAuthority } from '@postern/testkit'
import { type ManagedRelay, openManagedRelay } from './managed-relay.contract.ts'

const place = '--namespace-name local -g postern'
let relay: ManagedRelay

before(async () => {
  relay = await openManagedRelay({ options: { ingressPorts: '1024-65535/tcp' } })
})
after(() => relay[Symbol.asyncDispose]())

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Nobody listens behind the port: a device may be cut before it knows that it was there. */
async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED'
  } finally {
    socket.destroy()
  }
}

describe('ingress entries', () => {
  test('an entry is created, shown, listed, changed and deleted; what an update does not name stays', async () => {
    const port = await freePort()
    const made = await relay.json(
      `relay ingress create -n web ${place} --hybrid-connection echo --port ${port} --allow 127.0.0.1 ::1 --max-connections 7`,
    )
    assert.deepEqual([made.name, made.properties.provisioningState], ['web', 'Succeeded'])
    assert.ok(await isOpen(port))

    const changed = await relay.json(`relay ingress update -n web ${place} --allow 127.0.0.0/8 --proxy-protocol v2`)
    const { allow, maxConnections, proxyProtocol, access } = changed.properties
    assert.deepEqual([allow, maxConnections, proxyProtocol, access], [['127.0.0.0/8'], 7, 'v2', undefined])
    assert.deepEqual(await relay.json(`relay ingress show -n web ${place}`), changed)
    const { stdout: table } = await relay.run(`relay ingress list ${place} -o table`)
    assert.match(table, /web +\d+ +tcp +.*echo +managed +Succeeded/)

    await relay.json(`relay ingress delete -n web ${place} --yes`)
    assert.equal(await isOpen(port), false)
    assert.equal((await relay.run(`relay ingress show -n web ${place}`)).code, 3)
  })

  test('a password hash is kept by an update that names its user alone', async () => {
    const port = await freePort()
    const hash = 'scrypt$32768$8$1$c2FsdA$aGFzaA'
    const base = `--hybrid-connection echo --port ${port} --hosts a.test --trusted-proxies 127.0.0.1`
    await relay.json(`relay ingress create -n users ${place} ${base} --users ann=${hash} bob=${hash}`)
    const changed = await relay.json(`relay ingress update -n users ${place} --users ann`)
    assert.deepEqual(changed.properties.users, [{ name: 'ann' }])
    const { code, stderr } = await relay.run(`relay ingress update -n users ${place} --users carl`)
    assert.notEqual(code, 0)
    assert.match(stderr, /carl has no passwordHash/)
  })

  test('certificate and key are read from files; an update that names others keeps them, and bytes pass again without', async () => {
    const port = await freePort()
    const { cert, key } = await (await createTestAuthority('sites')).issue({ hosts: ['a.test'] })
    const [certFile, keyFile] = [join(relay.folder, 'site.pem'), join(relay.folder, 'site-key.pem')]
    writeFileSync(certFile, cert)
    writeFileSync(keyFile, key)
    const base = `--hybrid-connection echo --port ${port} --sni a.test --access open`
    const files = `--tls terminate --certificate @${certFile} --private-key @${keyFile}`
    const made = await relay.json(`relay ingress create -n site ${place} ${base} ${files}`)
    assert.deepEqual(made.properties.certificate, { certPem: cert })
    const kept = await relay.json(`relay ingress update -n site ${place} --max-connections 9`)
    assert.deepEqual([kept.properties.tls, kept.properties.certificate], ['terminate', { certPem: cert }])
    const passing = await relay.json(`relay ingress update -n site ${place} --tls pass`)
    assert.deepEqual([passing.properties.tls, passing.properties.certificate], ['pass', undefined])
  })

  test('a refusal speaks of the flags that were typed', async () => {
    const { code, stderr } = await relay.run(
      `relay ingress create -n bare ${place} --hybrid-connection echo --port ${await freePort()}`,
    )
    assert.notEqual(code, 0)
    assert.match(stderr, /--access is missing, .* --allow 203\.0\.113\.0\/24 /)
  })

  test('a port that the relay does not grant is refused with the option that does', async () => {
    const { code, stderr } = await relay.run(
      `relay ingress create -n low ${place} --hybrid-connection echo --port 80 --access open`,
    )
    assert.notEqual(code, 0)
    assert.match(stderr, /--ingress-ports/)
  })
})
