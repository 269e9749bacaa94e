import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type Logger, silentLogger } from '@postern/program'
import { CertificateFiles, type CertificateFilesOptions } from './certificate-files.ts'
import { describeCertificateSource } from './certificate-source.contract.ts'
import type { CertificatePair } from './certificate-source.ts'
import { DevelopmentCa } from './development-ca.ts'

const caPair = await DevelopmentCa.createPair({ machine: 'test', nowMs: Date.now() })
const ca = await DevelopmentCa.open(caPair)
const otherCa = await DevelopmentCa.open(caPair)

async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-files-'))
  test.after(() => rm(folder, { recursive: true }))
  return folder
}

async function writePair(
  folder: string,
  name: string,
  pair: CertificatePair,
): Promise<{ certFile: string; keyFile: string }> {
  const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}-key.pem`) }
  await writeFile(files.certFile, pair.certPem)
  await writeFile(files.keyFile, pair.keyPem)
  return files
}

const issue = (...names: string[]): Promise<CertificatePair> => ca.issue(names, Date.now())

function recordingLogger(): { logger: Logger; events: string[] } {
  const events: string[] = []
  const record = (event: string): number => events.push(event)
  return { logger: { ...silentLogger, error: record, warn: record, info: record }, events }
}

async function startFiles(test: TestContext, options: Partial<CertificateFilesOptions>): Promise<CertificateFiles> {
  const source = new CertificateFiles({ pairs: [], logger: silentLogger, ...options })
  await source.start()
  test.after(() => source.stop())
  return source
}

const nextChange = (source: CertificateFiles): Promise<void> =>
  new Promise((resolve, reject) => {
    AbortSignal.timeout(5000).addEventListener('abort', () => reject(new Error('no change was told')))
    source.onChange(resolve)
  })

describeCertificateSource('CertificateFiles', async (test) => {
  const folder = await temporaryFolder(test)
  const pair = await writePair(folder, 'relay', await issue('relay.test'))
  return {
    source: new CertificateFiles({ pairs: [pair], logger: silentLogger }),
    trustedCa: () => ca.certPem,
    knownName: 'relay.test',
    change: async () => void (await writePair(folder, 'relay', await issue('relay.test'))),
  }
})

describe('CertificateFiles', () => {
  it('chooses the certificate by name: exact, then wildcard of one label, then the first', async (test) => {
    const folder = await temporaryFolder(test)
    const source = await startFiles(test, {
      pairs: [
        await writePair(folder, 'first', await issue('first.test')),
        await writePair(folder, 'wild', await issue('*.relay.test', 'relay.test')),
        await writePair(folder, 'exact', await issue('a.relay.test')),
      ],
    })
    const first = source.secureContextFor(undefined)
    const wild = source.secureContextFor('b.relay.test')
    const exact = source.secureContextFor('a.relay.test')
    assert.equal(new Set([first, wild, exact]).size, 3)
    assert.equal(source.secureContextFor('first.test'), first)
    assert.equal(source.secureContextFor('elsewhere.test'), first)
    assert.equal(source.secureContextFor('relay.test'), wild)
    assert.equal(source.secureContextFor('B.Relay.Test.'), wild)
    assert.equal(source.secureContextFor('c.b.relay.test'), first)
  })

  it('a pair with a host answers for that host, and the first without one for everybody else', async (test) => {
    const folder = await temporaryFolder(test)
    const source = await startFiles(test, {
      pairs: [
        { ...(await writePair(folder, 'own', await issue('internal.test'))), host: 'relay.test' },
        { ...(await writePair(folder, 'wild', await issue('internal.test'))), host: '*.relay.test' },
        await writePair(folder, 'rest', await issue('rest.test')),
      ],
    })
    const [own, wild, rest] = ['relay.test', 'a.relay.test', 'x.test'].map((name) => source.secureContextFor(name))
    assert.equal(new Set([own, wild, rest]).size, 3)
    assert.equal(source.secureContextFor('internal.test'), rest)
    assert.equal(source.secureContextFor(undefined), rest)
    assert.equal(new X509Certificate(source.defaultCertificate.certPem).checkHost('rest.test'), 'rest.test')
  })

  it('a certificate and key in one file is one pair', async (test) => {
    const file = join(await temporaryFolder(test), 'both.pem')
    const pair = await issue('both.test')
    await writeFile(file, pair.certPem + pair.keyPem)
    const source = await startFiles(test, { pairs: [{ certFile: file, keyFile: file }] })
    assert.equal(new X509Certificate(source.defaultCertificate.certPem).checkHost('both.test'), 'both.test')
  })

  it('a folder behind a symbolic link that is exchanged is noticed', async (test) => {
    const folder = await temporaryFolder(test)
    for (const version of ['v1', 'v2']) {
      await mkdir(join(folder, version))
      await writePair(join(folder, version), 'tls', await issue(`${version}.test`))
    }
    await symlink('v1', join(folder, 'current'))
    await symlink('current/tls.pem', join(folder, 'tls.pem'))
    await symlink('current/tls-key.pem', join(folder, 'tls-key.pem'))
    const pair = { certFile: join(folder, 'tls.pem'), keyFile: join(folder, 'tls-key.pem') }
    const source = await startFiles(test, { pairs: [pair] })
    const changed = nextChange(source)
    await symlink('v2', join(folder, 'next'))
    await rename(join(folder, 'next'), join(folder, 'current'))
    await changed
    assert.equal(new X509Certificate(source.defaultCertificate.certPem).checkHost('v2.test'), 'v2.test')
  })

  it('a change that the file system does not tell is found by reading', async (test) => {
    const folder = await temporaryFolder(test)
    const hidden = join(folder, 'hidden')
    await mkdir(hidden)
    const real = await writePair(hidden, 'tls', await issue('old.test'))
    const pair = { certFile: join(folder, 'tls.pem'), keyFile: join(folder, 'tls-key.pem') }
    await symlink(real.certFile, pair.certFile)
    await symlink(real.keyFile, pair.keyFile)
    const source = await startFiles(test, { pairs: [pair], pollIntervalMs: 50 })
    const changed = nextChange(source)
    await writePair(hidden, 'tls', await issue('new.test'))
    await changed
    assert.equal(new X509Certificate(source.defaultCertificate.certPem).checkHost('new.test'), 'new.test')
  })

  for (const [what, spoil] of [
    ['cut short', (pair: CertificatePair) => ({ ...pair, certPem: pair.certPem.slice(0, 300) })],
    ['without a key', (pair: CertificatePair) => ({ ...pair, keyPem: '' })],
    [
      'with the key of another',
      async (pair: CertificatePair) => ({ ...pair, keyPem: (await otherCa.issue(['b.test'], 0)).keyPem }),
    ],
  ] as const) {
    it(`a new file that is ${what} is logged once, and the old certificate stays`, async (test) => {
      const folder = await temporaryFolder(test)
      const good = await issue('good.test')
      const { logger, events } = recordingLogger()
      const source = await startFiles(test, { pairs: [await writePair(folder, 'tls', good)], logger })
      await writePair(folder, 'tls', await spoil(await issue('bad.test')))
      await source.reload()
      await source.reload()
      assert.deepEqual(events, ['certificates.reload-failed'])
      assert.equal(source.defaultCertificate.certPem, good.certPem)
      await writePair(folder, 'tls', await issue('good.test'))
      await source.reload()
      assert.equal(events.at(-1), 'certificates.reloaded')
    })
  }

  it('a missing file at the start is an error that names it', async (test) => {
    const folder = await temporaryFolder(test)
    const pair = { certFile: join(folder, 'no.pem'), keyFile: join(folder, 'no-key.pem') }
    await assert.rejects(startFiles(test, { pairs: [pair] }), {
      code: 'InvalidConfiguration',
      message: /no(?:-key)?\.pem/,
    })
    await assert.rejects(startFiles(test, { pairs: [] }), { code: 'InvalidConfiguration' })
  })

  it('a certificate that ends soon is warned of', async (test) => {
    const folder = await temporaryFolder(test)
    const { logger, events } = recordingLogger()
    const ending = await ca.issue(['old.test'], Date.now() - 390 * 86_400_000)
    await startFiles(test, { pairs: [await writePair(folder, 'tls', ending)], logger })
    assert.deepEqual(events, ['certificates.expiring'])
  })
})
