import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { PosternProcess } from '@postern/testkit'

const folder = mkdtempSync(join(tmpdir(), 'postern-up-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const freePorts = ['--data-port', '0', '--management-port', '0']

async function fetchText(url: string, caFile: string): Promise<string> {
  const request = get(url, { ca: readFileSync(caFile), agent: false, signal: AbortSignal.timeout(10_000) })
  const [response] = await once(request, 'response')
  return text(response)
}

test('up --json prints one line with everything that a script needs, and SIGTERM stops it with 0', async () => {
  const resources = join(folder, 'relay.yaml')
  writeFileSync(
    resources,
    `namespaces:
      - name: local
        default: true
        rules: [{ name: root, rights: [Listen, Send, Manage], primaryKey: rootkey }]
        hybridConnections: [{ name: demo, rules: [{ name: in, rights: [Listen], primaryKey: inkey }] }]
        ingress: [{ name: web, port: 0, hosts: [a.test], hybridConnection: demo, access: open }]`,
  )
  await using postern = new PosternProcess(['up', '--in-memory', '--json', '--resources', resources, ...freePorts])
  const [line] = await postern.waitFor('stdout', /^.*\n/)
  const ready = JSON.parse(line)
  const { port } = new URL(ready.data)
  const [open] = ready.publicPorts
  assert.ok(open.port > 0)
  assert.deepEqual(ready, {
    data: `https://localhost:${port}`,
    management: `https://localhost:${new URL(ready.management).port}`,
    caFile: ready.caFile,
    dataDir: null,
    administrator: {
      clientId: ready.administrator.clientId,
      secretFile: null,
      clientSecret: ready.administrator.clientSecret,
    },
    publicPorts: [
      {
        namespace: 'local',
        name: 'web',
        protocol: 'tcp',
        port: open.port,
        hosts: ['a.test'],
        hybridConnection: 'demo',
      },
    ],
    hybridConnections: [
      {
        namespace: 'local',
        name: 'demo',
        listen: `Endpoint=sb://localhost:${port}/;SharedAccessKeyName=in;SharedAccessKey=inkey;EntityPath=demo`,
        send: `Endpoint=sb://localhost:${port}/;SharedAccessKeyName=root;SharedAccessKey=rootkey;EntityPath=demo`,
        actions: ['connect', 'request'],
      },
    ],
  })
  assert.match(await fetchText(`${ready.management}/readyz`, ready.caFile), /"ready"/)
  postern.kill('SIGTERM')
  const { code, stdout } = await postern.end()
  assert.equal(code, 0)
  assert.equal(stdout, line)
  assert.equal(existsSync(dirname(ready.caFile)), false)
})

for (const [actions, next] of [
  ['publish, subscribe', /^Next, a message to all who subscribe:\n  .* subscribe .*\n  .* publish .* 'hello'$/m],
  ['connect, publish, subscribe', /^Next, a tunnel to port 5432/m],
] as const) {
  test(`up tells what comes next for a hybrid connection that allows ${actions}`, async () => {
    const resources = join(folder, 'allowing.yaml')
    const entity = `{ name: news, actions: [${actions}] }`
    const rules = '[{ name: root, rights: [Listen, Send, Manage] }]'
    writeFileSync(
      resources,
      `namespaces: [{ name: local, default: true, rules: ${rules}, hybridConnections: [${entity}] }]`,
    )
    await using postern = new PosternProcess(['up', '--in-memory', '--resources', resources, ...freePorts])
    await postern.waitFor('stdout', /^Ctrl-C stops it/m)
    assert.match(postern.stdout, next)
    postern.kill('SIGINT')
    assert.equal((await postern.end()).code, 0)
  })
}

test('up shows addresses, trust and what a changed resources file gives; Ctrl-C stops it with 0', async () => {
  const resources = join(folder, 'changing.yaml')
  const declare = (names: string): void =>
    writeFileSync(resources, `namespaces: [{ name: local, default: true, hybridConnections: [${names}] }]`)
  declare('')
  await using postern = new PosternProcess(['up', '--data', 'kept', '--resources', resources, ...freePorts], {
    cwd: folder,
  })
  await postern.waitFor('stdout', /^Ctrl-C stops it/m)
  const [, caFile = ''] = await postern.waitFor('stdout', /NODE_EXTRA_CA_CERTS=(\S+)/)
  assert.ok(isAbsolute(caFile) && existsSync(caFile), caFile)
  assert.doesNotMatch(postern.stdout, /Endpoint=/)
  const [, secretFile = ''] = await postern.waitFor('stdout', /client id [\da-f-]{36}, secret in (\S+)/)
  assert.ok(existsSync(secretFile), secretFile)
  declare('{ name: late }')
  await postern.waitFor('stdout', /local\/late\n {4}listen {2}Endpoint=/)
  postern.kill('SIGINT')
  assert.equal((await postern.end()).code, 0)
  assert.ok(existsSync(caFile))
})

test('what is typed wrongly is said with the nearest right name, and ends with 2', async () => {
  const unknown = await PosternProcess.run(['up', '--dta-port', '1'])
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /Did you mean --data-port\?/)
  const wrong = await PosternProcess.run(['up', '--data-port', 'many', '--tls', 'maybe'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /--data-port: must be a whole number/)
  assert.match(wrong.stderr, /--tls: /)
})
