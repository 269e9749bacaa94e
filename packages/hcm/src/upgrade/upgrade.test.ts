import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ControlClient } from '../control/control-client.ts'
import { startBed } from '../hcm-bed.contract.ts'
import { applyUpgrade } from './apply-upgrade.ts'
import { chooseRelease } from './choose-release.ts'
import { findInstallation } from './installation.ts'
import { InstalledVersions } from './installed-versions.ts'
import { openReleaseSource } from './release-source.ts'
import { readSignedReleases, type SignedRelease } from './signed-releases.ts'

const platform = 'linux-x64'
const wanted = { kind: 'archive', platform } as const
const keys = generateKeyPairSync('ed25519')
const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-upgrade-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A release whose only program says a version. */
function putVersion(folder: string, version: string, says = version): void {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'bin/hcm'), `#!/bin/sh\necho ${says}\n`)
  chmodSync(join(folder, 'bin/hcm'), 0o755)
}

/** An archive in a folder of releases. */
function pack(releases: string, version: string, says = version): SignedRelease {
  const name = `postern-${version}-${platform}`
  putVersion(join(releases, name), version, says)
  const fileName = `${name}.tar.gz`
  execFileSync('tar', ['-czf', join(releases, fileName), '-C', releases, name])
  rmSync(join(releases, name), { recursive: true })
  const sha256 = createHash('sha256')
    .update(readFileSync(join(releases, fileName)))
    .digest('hex')
  return { version, fileName, sha256 }
}

function install(t: TestContext, version: string): { readonly home: string; readonly versions: InstalledVersions } {
  const home = folderOf(t)
  putVersion(join(home, 'versions', version), version)
  symlinkSync(`versions/${version}`, join(home, 'current'))
  return { home, versions: new InstalledVersions({ home, platform }) }
}

const hash = 'a'.repeat(64)
const sums = Buffer.from(
  [
    `${hash}  postern-1.2.0-linux-x64.tar.gz`,
    `${hash}  postern-1.10.0-linux-x64.tar.gz`,
    `${hash}  postern-1.11.0-linux-arm64.tar.gz`,
    `${hash}  postern-hcm_1.3.0_amd64.deb`,
    `${hash}  postern-../../x-linux-x64.tar.gz`,
    'rubbish',
  ].join('\n'),
)
const signature = sign(null, sums, keys.privateKey)

test('a signed list gives the releases for this system, the newest first', () => {
  const versionsOf = (what: Parameters<typeof readSignedReleases>[1]): readonly string[] =>
    readSignedReleases({ sums, signature, publicKey }, what).map(({ version }) => version)
  assert.deepEqual(versionsOf(wanted), ['1.10.0', '1.2.0'])
  assert.deepEqual(versionsOf({ kind: 'package', platform }), ['1.3.0'])
})

test('a list that was changed, or that another key has signed, is refused', () => {
  const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const changed = Buffer.from(sums.toString().replace('1.2.0', '9.9.9'))
  for (const [list, key, mark] of [
    [changed, publicKey, signature],
    [sums, other, signature],
    [sums, publicKey, Buffer.alloc(64)],
    [sums, publicKey, Buffer.from('short')],
    [sums, 'no key', signature],
  ] as const) {
    const read = (): unknown => readSignedReleases({ sums: list, signature: mark, publicKey: key }, wanted)
    assert.throws(read, { code: 'InvalidConfiguration', message: /signature/ })
  }
})

test('the newest is chosen, an older one only when that is said', () => {
  const releases = readSignedReleases({ sums, signature, publicKey }, wanted)
  const choose = (installed: string, version?: string, allowsDowngrade = false): string | undefined =>
    chooseRelease(releases, { installed, version, allowsDowngrade })?.version
  assert.equal(choose('1.0.0'), '1.10.0')
  assert.equal(choose('1.10.0'), undefined)
  assert.equal(choose('2.0.0'), undefined)
  assert.equal(choose('1.0.0', '1.2.0'), '1.2.0')
  assert.throws(() => choose('1.5.0', '1.2.0'), { message: /older.*--allow-downgrade/ })
  assert.equal(choose('1.5.0', '1.2.0', true), '1.2.0')
  assert.equal(choose('2.0.0', undefined, true), '1.10.0')
  assert.throws(() => choose('1.0.0', '3.0.0'), { message: /no release 3\.0\.0; there are: 1\.10\.0, 1\.2\.0/ })
})

test('a release is installed beside the old one and becomes the current one; without a service that is all', async (t) => {
  const [{ home, versions }, releases] = [install(t, '1.0.0'), folderOf(t)]
  const outcome = await applyUpgrade({
    versions,
    release: pack(releases, '1.1.0'),
    source: openReleaseSource(releases),
    control: new ControlClient(join(home, 'none.sock')),
    timeoutMs: 1_000,
    onProgress: () => {},
  })
  assert.equal(outcome, 'none')
  assert.equal(readlinkSync(join(home, 'current')), 'versions/1.1.0')
  assert.deepEqual(readdirSync(join(home, 'versions')), ['1.0.0', '1.1.0'])
  assert.equal(execFileSync(join(home, 'current/bin/hcm'), { encoding: 'utf8' }), '1.1.0\n')
})

test('an archive that was changed, is missing, or does not run here leaves everything as it was', async (t) => {
  const [{ home, versions }, releases] = [install(t, '1.0.0'), folderOf(t)]
  const source = openReleaseSource(releases)
  const good = pack(releases, '1.1.0')
  const mute = pack(releases, '1.2.0', 'nonsense')
  await assert.rejects(versions.add({ ...good, sha256: hash }, source), { message: /checksum/ })
  await assert.rejects(versions.add({ ...good, fileName: 'gone' }, source), { code: 'ENOENT' })
  await assert.rejects(versions.add(mute, source), { message: /does not run here: it says "nonsense"/ })
  assert.equal(readlinkSync(join(home, 'current')), 'versions/1.0.0')
  assert.deepEqual(readdirSync(join(home, 'versions')), ['1.0.0'])
  assert.ok(!existsSync(join(home, 'current.new')))
})

test('a service that nobody keeps going runs on, and the operator is told', async (t) => {
  const [{ home, versions }, releases] = [install(t, '1.0.0'), folderOf(t)]
  const { control } = await startBed(t)
  const outcome = await applyUpgrade({
    versions,
    release: pack(releases, '1.1.0'),
    source: openReleaseSource(releases),
    control,
    timeoutMs: 1_000,
    onProgress: () => {},
  })
  assert.equal(outcome, 'unkept')
  assert.equal(readlinkSync(join(home, 'current')), 'versions/1.1.0')
})

test('an installation is known by where the program lies', (t) => {
  const home = folderOf(t)
  const program = (place: string): string => {
    const folder = join(home, place, 'lib/node_modules/@postern/hcm/dist/upgrade')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'installation.js'), '')
    return join(folder, 'installation.js')
  }
  const release = JSON.stringify({ name: 'postern', version: '1.0.0', platform })
  const installed = program('versions/1.0.0')
  assert.throws(() => findInstallation(installed), { message: /not installed from a release/ })
  writeFileSync(join(home, 'versions/1.0.0/release.json'), release)
  const publicKeyFile = join(home, 'release-key.pub.pem')
  assert.deepEqual(findInstallation(installed), { kind: 'archive', home, version: '1.0.0', platform, publicKeyFile })
  const loose = program('elsewhere')
  writeFileSync(join(home, 'elsewhere/release.json'), release)
  assert.throws(() => findInstallation(loose), { message: /where it was unpacked.*install/ })
})
