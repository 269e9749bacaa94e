import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTestAuthority } from '@postern/testkit'
import { trustAuthorities } from './trust-authorities.ts'

const folder = mkdtempSync(join(tmpdir(), 'trust-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** What another process trusts afterwards: the setting is for all of a process. */
function trustedBy(files: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const program = `
    const { trustAuthorities } = await import(${JSON.stringify(new URL('trust-authorities.ts', import.meta.url).href)})
    await trustAuthorities(${JSON.stringify(files)})
    const { getCACertificates } = await import('node:tls')
    const { X509Certificate } = await import('node:crypto')
    console.log(getCACertificates('default').map((pem) => new X509Certificate(pem).subject).join('\\n'))`
  const args = ['--conditions=@postern/source', '--input-type=module', '--eval', program]
  return execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } })
}

test("files, the system's authorities and those of Node are trusted together", async () => {
  const [one, two, system] = await Promise.all(['One', 'Two', 'Of the system'].map((name) => createTestAuthority(name)))
  const [both, ofSystem] = [join(folder, 'both.pem'), join(folder, 'system.pem')]
  writeFileSync(both, `a word\n${one!.certPem}\n${two!.certPem}`)
  writeFileSync(ofSystem, system!.certPem)
  const subjects = trustedBy([both], { SSL_CERT_FILE: ofSystem, SSL_CERT_DIR: folder })
  for (const name of ['CN=One', 'CN=Two', 'CN=Of the system', 'CN=ISRG Root X1'])
    assert.ok(subjects.includes(name), name)
})

test('a file that is missing, empty or broken is named', async () => {
  const [empty, broken] = [join(folder, 'empty.pem'), join(folder, 'broken.pem')]
  writeFileSync(empty, 'nothing')
  writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  for (const file of [join(folder, 'missing.pem'), empty, broken]) {
    await assert.rejects(trustAuthorities([file]), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'InvalidConfiguration')
      assert.ok(error.message.includes(file), error.message)
      return true
    })
  }
})
