import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { silentLogger } from '@postern/program'
import { describeCertificateSource } from './certificate-source.contract.ts'
import { DevelopmentAuthority, type DevelopmentAuthorityOptions } from './development-authority.ts'

const dayMs = 86_400_000
const noOpenSsl = spawnSync('openssl', ['version']).error !== undefined && 'there is no openssl program'

async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-authority-'))
  test.after(() => rm(folder, { recursive: true }))
  return folder
}

async function startAuthority(
  test: TestContext,
  options: Partial<DevelopmentAuthorityOptions> = {},
): Promise<DevelopmentAuthority> {
  const authority = new DevelopmentAuthority({ logger: silentLogger, ...options })
  await authority.start()
  test.after(() => authority.stop())
  return authority
}

const leafOf = (authority: DevelopmentAuthority): X509Certificate =>
  new X509Certificate(authority.defaultCertificate.certPem)

describeCertificateSource('DevelopmentAuthority', async (test) => {
  let now = Date.now()
  const source = new DevelopmentAuthority({
    dataDir: await temporaryFolder(test),
    logger: silentLogger,
    now: () => now,
  })
  return {
    source,
    trustedCa: () => source.caPem,
    knownName: 'tenant.relay.test',
    change: () => {
      now += 380 * dayMs
      return source.renew()
    },
  }
})

describe('DevelopmentAuthority', () => {
  it('keeps its authority in the data folder: key for the owner alone, certificate for all', async (test) => {
    const dataDir = await temporaryFolder(test)
    const first = await startAuthority(test, { dataDir })
    const second = await startAuthority(test, { dataDir })
    assert.equal(second.caPem, first.caPem)
    assert.equal(await readFile(first.caFile!, 'utf8'), first.caPem)
    const keyFile = join(dataDir, 'certificates', 'development-ca-key.pem')
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600)
    assert.equal((await stat(first.caFile!)).mode & 0o777, 0o644)
    assert.doesNotMatch(first.caPem, /PRIVATE/)
  })

  it('several processes that start at once share one authority', async (test) => {
    const dataDir = await temporaryFolder(test)
    const all = await Promise.all([1, 2, 3, 4].map(() => startAuthority(test, { dataDir })))
    assert.equal(new Set(all.map((authority) => authority.caPem)).size, 1)
    assert.equal(await readFile(all[0]!.caFile!, 'utf8'), all[0]!.caPem)
  })

  it('without a data folder leaves no file', async (test) => {
    const authority = await startAuthority(test)
    assert.equal(authority.caFile, undefined)
    assert.match(authority.caPem, /BEGIN CERTIFICATE/)
  })

  it('a broken key file is refused and kept', async (test) => {
    const dataDir = await temporaryFolder(test)
    await startAuthority(test, { dataDir })
    const keyFile = join(dataDir, 'certificates', 'development-ca-key.pem')
    await chmod(keyFile, 0o600)
    await writeFile(keyFile, 'nothing')
    await assert.rejects(startAuthority(test, { dataDir }), { code: 'InvalidConfiguration', message: /delete it/ })
    assert.equal(await readFile(keyFile, 'utf8'), 'nothing')
  })

  it('the default certificate names loopback, the machine and the public host', async (test) => {
    const leaf = leafOf(await startAuthority(test, { publicHost: 'Relay.Example.test' }))
    for (const name of ['localhost', hostname().toLowerCase(), 'relay.example.test']) {
      assert.equal(leaf.checkHost(name), name)
    }
    assert.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1')
    assert.equal(leaf.checkIP('::1'), '::1')
    const byAddress = leafOf(await startAuthority(test, { publicHost: '203.0.113.9' }))
    assert.equal(byAddress.checkIP('203.0.113.9'), '203.0.113.9')
  })

  it('authority and leaves live as long as clients accept', async (test) => {
    const now = Date.now()
    const authority = await startAuthority(test, { now: () => now })
    const days = (certificate: X509Certificate): number =>
      (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / dayMs
    assert.equal(days(leafOf(authority)), 397)
    assert.ok(days(new X509Certificate(authority.caPem)) >= 3652)
    assert.ok(Date.parse(leafOf(authority).validFrom) < now)
  })

  it('a leaf is made once for a name and again before its end', async (test) => {
    let now = Date.now()
    const authority = await startAuthority(test, { now: () => now })
    const first = await authority.secureContextFor('a.test')
    assert.equal(await authority.secureContextFor('A.test'), first)
    now += 360 * dayMs
    assert.equal(await authority.secureContextFor('a.test'), first)
    now += 8 * dayMs
    assert.notEqual(await authority.secureContextFor('a.test'), first)
  })

  it('requests for one name at the same time make one certificate', async (test) => {
    const authority = await startAuthority(test)
    const contexts = await Promise.all([1, 2, 3].map(async () => authority.secureContextFor('a.test')))
    assert.equal(new Set(contexts).size, 1)
  })

  it('names chosen by strangers push out the oldest only', async (test) => {
    const authority = await startAuthority(test)
    const kept = await authority.secureContextFor('kept.test')
    const dropped = await authority.secureContextFor('dropped.test')
    for (let index = 0; index < 255; index++) {
      await authority.secureContextFor(`x${index}.test`)
      await authority.secureContextFor('kept.test')
    }
    assert.equal(await authority.secureContextFor('kept.test'), kept)
    assert.notEqual(await authority.secureContextFor('dropped.test'), dropped)
  })

  it('an authority that ends soon is replaced', async (test) => {
    const dataDir = await temporaryFolder(test)
    const old = await startAuthority(test, { dataDir })
    const next = await startAuthority(test, { dataDir, now: () => Date.now() + 3640 * dayMs })
    assert.notEqual(next.caPem, old.caPem)
    assert.equal(await readFile(next.caFile!, 'utf8'), next.caPem)
  })

  it('OpenSSL verifies the chain in strict mode, by name and by address', { skip: noOpenSsl }, async (test) => {
    const dataDir = await temporaryFolder(test)
    const authority = await startAuthority(test, { dataDir })
    const leafFile = join(dataDir, 'leaf.pem')
    await writeFile(leafFile, authority.defaultCertificate.certPem)
    for (const expected of [
      ['-verify_hostname', 'localhost'],
      ['-verify_ip', '127.0.0.1'],
      ['-verify_ip', '::1'],
    ]) {
      const args = [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        '-CAfile',
        authority.caFile!,
        ...expected,
        leafFile,
      ]
      const { stdout } = await promisify(execFile)('openssl', args)
      assert.match(stdout, /: OK/)
    }
    const { stdout } = await promisify(execFile)('openssl', ['x509', '-in', leafFile, '-noout', '-text'])
    assert.match(stdout, /Key Usage: critical\s+Digital Signature\n/)
    assert.match(stdout, /TLS Web Server Authentication/)
    assert.match(stdout, /Subject Key Identifier/)
    assert.match(stdout, /Authority Key Identifier/)
    assert.match(stdout, /prime256v1/)
  })
})
