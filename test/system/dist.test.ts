// What `npm run dist` makes is installed, runs, and is upgraded on a Debian that has neither npm nor Node nor a network.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect } from '@postern/client'
import { type RunningRelay, startRelay } from '@postern/server'
import { makeRelease } from '../../tools/release/make-release.ts'
import { textFile } from '../../tools/release/release-file.ts'
import { openReleaseKey, signText } from '../../tools/release/sign-release.ts'
import { BareDebian } from './bare-debian.ts'
import { missingPrograms } from './run-program.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const skip =
  missingPrograms({ mmdebstrap: 'mmdebstrap', ip: 'iproute2', 'dpkg-deb': 'dpkg', chroot: 'coreutils' }) ||
  (process.getuid?.() === 0 ? false : 'NOT TESTED: needs root')
const stateFolder = '/var/lib/postern-hcm'
const target = { host: '127.0.0.1', port: 7001 }
const echo = `require('net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(${target.port}, '${target.host}')`

describe('on a Debian without npm and without a way to a registry', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-dist-'))
  const releases = join(folder, 'releases')
  const key = openReleaseKey(undefined, join(folder, 'key/release.pem'))
  let debian: BareDebian
  let relay: RunningRelay
  let endpoint: readonly string[] = []

  before(async () => {
    const made = BareDebian.make()
    await promisify(execFile)(process.execPath, [join(root, 'tools/build.ts')], { cwd: root })
    await release('1.0.0')
    debian = await made
    relay = await startRelay({
      options: { bind: debian.outside, publicHost: debian.outside, downloads: releases },
      resources: {
        namespaces: [
          {
            name: 'local',
            default: true,
            rules: [{ name: 'root', rights: ['Listen', 'Send'] }],
            hybridConnections: [
              {
                name: 'db',
                userMetadata: JSON.stringify([{ key: 'endpoint', value: `${target.host}:${target.port}` }]),
              },
            ],
          },
        ],
      },
    })
    endpoint = ['--from', relay.management, '--tls-ca', '/ca.pem']
    writeFileSync(join(debian.root, 'ca.pem'), relay.caPem ?? '')
    writeFileSync(join(debian.root, 'listen'), relay.hybridConnections()[0]?.listen ?? '')
  })
  after(async () => {
    await debian?.[Symbol.asyncDispose]()
    await relay?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Stored, not compressed: three of them are made. */
  function release(version: string, more: Partial<Parameters<typeof makeRelease>[0]> = {}): Promise<unknown> {
    return makeRelease({
      root,
      folder: releases,
      version,
      architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
      nodeBinary: process.execPath,
      key,
      modifiedAt: new Date(0),
      compressionLevel: 0,
      onProgress: () => {},
      ...more,
    })
  }

  const hcm = (...words: string[]): Promise<string> => debian.run('/usr/local/bin/hcm', ...words)
  const current = (): string => readlinkSync(join(debian.root, 'opt/postern/current'))

  async function untilSays(program: ReturnType<BareDebian['start']>, wanted: string): Promise<void> {
    let said = ''
    while (!said.includes(wanted)) {
      const [chunk] = await once(program.stderr, 'data', { signal: AbortSignal.timeout(60_000) })
      said += String(chunk)
    }
    program.stderr.resume()
  }

  async function openStream(): ReturnType<typeof connect> {
    const stream = await connect({
      connectionString: relay.hybridConnections()[0]?.send ?? '',
      tls: { ca: relay.caPem ?? '' },
      signal: AbortSignal.timeout(30_000),
    })
    stream.on('error', () => {})
    return stream
  }

  async function echoes(stream: Awaited<ReturnType<typeof connect>>, text: string): Promise<void> {
    stream.write(text)
    const [answer] = await once(stream, 'data', { signal: AbortSignal.timeout(30_000) })
    assert.equal(String(answer), text)
  }

  test('the archive installs, the HCM registers at a relay, and a tunnel leads through', async () => {
    const archive = `postern-1.0.0-linux-${process.arch}`
    copyFileSync(join(releases, `${archive}.tar.gz`), join(debian.root, 'archive.tar.gz'))
    await debian.run('tar', '-xzf', '/archive.tar.gz', '-C', '/root')
    await debian.run(`/root/${archive}/install`)
    assert.equal(await hcm('--version'), '1.0.0')
    debian.start('/opt/postern/current/bin/node', '-e', echo)
    const service = debian.start('/opt/postern/current/bin/hcm-service', 'run', '--tls-ca', '/ca.pem', '--json')
    await untilSays(service, 'hcm.started')
    await hcm('add', '@/listen')
    const stream = await openStream()
    await echoes(stream, 'through the tunnel')
    stream.destroy()
  })

  test('an upgrade is verified and takes over while the service serves; a stream that is open goes on', async () => {
    await release('1.1.0', { onlyArchive: true })
    const stream = await openStream()
    await echoes(stream, 'before')
    assert.match(await hcm('upgrade', '--check', ...endpoint), /1\.1\.0 is there; 1\.0\.0 is installed/)
    assert.match(await hcm('upgrade', 'apply', ...endpoint), /The service runs it/)
    assert.equal(current(), 'versions/1.1.0')
    assert.match(await hcm('version'), /hcm 1\.1\.0 \(the service too\)/)
    await echoes(stream, 'after')
    const another = await openStream()
    await echoes(another, 'new')
    for (const one of [stream, another]) one.destroy()
  })

  test('a bad signature, an archive that was changed, and an older version are refused, and nothing is changed', async () => {
    await release('1.2.0', {
      onlyArchive: true,
      // It starts, and reaches no relay.
      change: (files) =>
        files.map((file) =>
          file.path === 'bin/hcm' ? textFile('bin/hcm', brokenProgram, { isExecutable: true }) : file,
        ),
    })
    const sums = readFileSync(join(releases, 'SHA256SUMS'), 'utf8')
    writeFileSync(join(releases, 'SHA256SUMS.sig'), Buffer.alloc(64, 1))
    assert.match(await debian.fail('/usr/local/bin/hcm', 'upgrade', 'apply', ...endpoint), /signature/)
    writeFileSync(join(releases, 'SHA256SUMS.sig'), signText(sums, key))
    const archive = join(releases, `postern-1.2.0-linux-${process.arch}.tar.gz`)
    const whole = readFileSync(archive)
    truncateSync(archive, whole.length - 1)
    // The list is read again when it changes.
    writeFileSync(join(releases, 'SHA256SUMS'), sums)
    assert.match(await debian.fail('/usr/local/bin/hcm', 'upgrade', 'apply', ...endpoint), /checksum was signed/)
    writeFileSync(archive, whole)
    writeFileSync(join(releases, 'SHA256SUMS'), sums)
    assert.match(
      await debian.fail('/usr/local/bin/hcm', 'upgrade', 'apply', '--to', '1.0.0', ...endpoint),
      /--allow-downgrade/,
    )
    assert.equal(current(), 'versions/1.1.0')
  })

  test('a version that does not come up is given up, and the old one has served all the time', async () => {
    const stream = await openStream()
    const before = JSON.parse(await hcm('status', '-o', 'json')).Service.Pid
    const said = await debian.fail('/usr/local/bin/hcm', 'upgrade', 'apply', '--timeout', '8s', ...endpoint)
    assert.match(said, /1\.2\.0 was given up: .* 1\.1\.0 is the current one again and has served all the time/)
    assert.equal(current(), 'versions/1.1.0')
    assert.equal(JSON.parse(await hcm('status', '-o', 'json')).Service.Pid, before)
    await echoes(stream, 'still')
    stream.destroy()
  })

  test('the Debian package installs with what it depends on, runs, and goes without a trace', async () => {
    const file = `postern-hcm_1.0.0_${process.arch === 'arm64' ? 'arm64' : 'amd64'}.deb`
    copyFileSync(join(releases, file), join(debian.root, file))
    assert.match(await debian.run('dpkg', '-i', `/${file}`), /systemd does not run here/)
    assert.equal(await debian.run('/usr/bin/hcm', '--version'), '1.0.0')
    mkdirSync(join(debian.root, 'other'))
    const service = debian.start('/usr/bin/hcm', 'run', '--state-dir', '/other', '--tls-ca', '/ca.pem', '--json')
    await untilSays(service, 'hcm.started')
    await debian.run('/usr/bin/hcm', 'add', '--state-dir', '/other', '@/listen')
    const said = await debian.run('/usr/bin/hcm', 'upgrade', 'apply', '--to', '1.0.0', ...endpoint)
    assert.match(said, /1\.0\.0 is installed, and there is nothing newer/)
    await debian.run('dpkg', '--purge', 'postern-hcm')
    assert.equal(
      await debian.run('sh', '-c', 'find /usr/lib/postern-hcm /etc/postern-hcm /usr/bin/hcm 2>/dev/null | wc -l'),
      '0',
    )
    assert.equal(await debian.run('sh', '-c', `find ${stateFolder} 2>/dev/null | wc -l`), '0')
  })
})

/** Says its version, and never serves. */
const brokenProgram = `#!/bin/sh
case $1 in --version) echo 1.2.0 ;; *) exit 1 ;; esac
`
