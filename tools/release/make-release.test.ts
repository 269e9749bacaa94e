import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { debianPackage } from './debian-package.ts'
import { copiedFile, type ReleaseFile, textFile } from './release-file.ts'
import { openReleaseKey, signText } from './sign-release.ts'
import { writeAr } from './write-ar.ts'
import { writeTar } from './write-tar.ts'

const options = { modifiedAt: new Date('2026-01-02T03:04:05Z'), compressionLevel: 1 }
const root = fileURLToPath(new URL('../..', import.meta.url))

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-release-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('an ar archive has a magic line, and for each member a head of 60 bytes and an even number of bytes', () => {
  const bytes = Buffer.from(writeAr([{ name: 'a', bytes: Buffer.from('xyz') }], new Date(5_000)))
  const head = 'a               5           0     0     100644  3         `\n'
  assert.equal(bytes.toString(), `!<arch>\n${head}xyz\n`)
})

test('the same files in any order make the same archive, and tar finds them with their modes', async (t) => {
  const folder = folderOf(t)
  writeFileSync(join(folder, 'source'), 'copied')
  const deep = `${'d'.repeat(90)}/${'e'.repeat(90)}/file`
  const files: ReleaseFile[] = [
    textFile('b/run', 'text', { isExecutable: true }),
    copiedFile('b/data', join(folder, 'source')),
    { path: 'a', content: { kind: 'link', target: 'b/run' } },
    textFile(deep, 'far down'),
  ]
  const [first, second] = [join(folder, 'first.tar.gz'), join(folder, 'second.tar.gz')]
  await writeTar(files, createWriteStream(first), options)
  await writeTar(files.toReversed(), createWriteStream(second), options)
  assert.deepEqual(readFileSync(first), readFileSync(second))
  const out = join(folder, 'out')
  execFileSync('sh', ['-c', 'mkdir "$0" && tar -xzf "$1" -C "$0"', out, first])
  assert.equal(readFileSync(join(out, 'a'), 'utf8'), 'text')
  assert.equal(readFileSync(join(out, 'b/data'), 'utf8'), 'copied')
  assert.equal(readFileSync(join(out, deep), 'utf8'), 'far down')
  assert.equal(statSync(join(out, 'b/run')).mode & 0o777, 0o755)
  assert.equal(statSync(join(out, 'b/data')).mode & 0o777, 0o644)
  assert.deepEqual(statSync(join(out, 'b')).mtime, options.modifiedAt)
})

test('a file that is not there fails the archive', async (t) => {
  const folder = folderOf(t)
  const files = [copiedFile('gone', join(folder, 'gone')), textFile('there', 'x')]
  await assert.rejects(writeTar(files, createWriteStream(join(folder, 'x.tar.gz')), options), /ENOENT/)
})

test('dpkg reads the package: what it needs, its settings file, the unit, links on the path', async (t) => {
  const folder = folderOf(t)
  const files = [
    textFile('LICENSE', 'free'),
    textFile('install', 'x'),
    textFile('bin/hcm', 'x', { isExecutable: true }),
  ]
  const made = await debianPackage({ root, version: '1.2.3', architecture: 'arm64', files }, options)
  const again = await debianPackage(
    { root, version: '1.2.3', architecture: 'arm64', files: files.toReversed() },
    options,
  )
  assert.deepEqual(made, again)
  const path = join(folder, 'x.deb')
  writeFileSync(path, made)
  const dpkg = (...words: string[]): string => execFileSync('dpkg-deb', words, { encoding: 'utf8' })
  assert.match(dpkg('--info', path), /Version: 1\.2\.3[^]*Architecture: arm64[^]*Depends: libc6/)
  assert.equal(dpkg('--info', path, 'conffiles'), '/etc/postern-hcm/environment\n')
  const contents = dpkg('--contents', path)
  assert.match(contents, /\.\/usr\/bin\/hcm -> \.\.\/lib\/postern-hcm\/bin\/hcm/)
  assert.match(contents, /-rwxr-xr-x root\/root .* \.\/usr\/lib\/postern-hcm\/bin\/hcm/)
  assert.match(contents, /\.\/usr\/lib\/systemd\/system\/postern-hcm\.service/)
  assert.doesNotMatch(contents, /postern-hcm\/install/)
})

test('a development key is made once, readable by its owner only, and what it signs can be verified', (t) => {
  const path = join(folderOf(t), 'keys/development.pem')
  const key = openReleaseKey(undefined, path)
  assert.ok(key.isDevelopment)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(openReleaseKey(undefined, path).publicPem, key.publicPem)
  assert.ok(!openReleaseKey(path, 'unused').isDevelopment)
  const signature = signText('sums', key)
  assert.ok(verify(null, Buffer.from('sums'), createPublicKey(key.publicPem), signature))
})

test('a key of another kind is refused', (t) => {
  const path = join(folderOf(t), 'rsa.pem')
  execFileSync('openssl', ['genpkey', '-quiet', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', path])
  assert.throws(() => openReleaseKey(path, 'unused'), /holds a key of rsa/)
})
