// The unit of the HCM as systemd's own programs see it, and its installation into a folder that stands for /.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemdUnit } from '@postern/hcm'
import { missingPrograms, output, type ProgramResult, runProgram } from './run-program.ts'

const skip = missingPrograms({ systemctl: 'systemd', 'systemd-analyze': 'systemd' })
const unitPath = 'etc/systemd/system/postern-hcm.service'
const linkPath = 'etc/systemd/system/multi-user.target.wants/postern-hcm.service'

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-image-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs `hcm service ...`. */
function service(...words: readonly string[]): Promise<ProgramResult> {
  const main = fileURLToPath(new URL('../../packages/hcm/src/main.ts', import.meta.url))
  return runProgram(process.execPath, ['--conditions=@postern/source', main, 'service', ...words])
}

describe('the service of the HCM', { skip }, () => {
  test('systemd has nothing to say against its unit, and calls it safe', async (t) => {
    const unit = join(folderFor(t), 'postern-hcm.service')
    writeFileSync(unit, systemdUnit({ program: [process.execPath] }))
    const { code, stderr } = await runProgram('systemd-analyze', ['verify', '--man=no', unit])
    // What comes with 254 is skipped by older ones.
    const said = stderr
      .split('\n')
      .filter((line) => line !== '' && !/Unknown key.*Restart(?:Steps|MaxDelaySec)/.test(line))
    assert.deepEqual([code, said], [0, []])
    // From 0 (may nothing) to 10 (may all). The way to the network, and code that is compiled at run time, are 1.5.
    const offline = ['security', '--offline=true', '--threshold=20', '--no-pager', unit]
    const judged = await output('systemd-analyze', offline)
    t.diagnostic(judged.split('\n').at(-1) ?? '')
  })

  test('it is installed into a folder, found there, and taken out again', async (t) => {
    const folder = folderFor(t)
    const installed = await service('install', '--root', folder, '--program', '/usr/bin/hcm')
    assert.equal(installed.code, 0, installed.stderr)
    assert.equal(readFileSync(join(folder, unitPath), 'utf8'), systemdUnit({ program: ['/usr/bin/hcm'] }))
    assert.equal(statSync(join(folder, unitPath)).mode & 0o777, 0o644)
    assert.equal(readlinkSync(join(folder, linkPath)), `/${unitPath}`)
    assert.equal(await output('systemctl', [`--root=${folder}`, 'is-enabled', 'postern-hcm']), 'enabled')

    const again = await service('install', '--root', folder, '--program', '/opt/hcm')
    assert.deepEqual([again.code, /installed already .*--replace/.test(again.stderr)], [1, true])
    const replaced = await service('install', '--root', folder, '--program', '/opt/hcm', '--replace')
    assert.equal(replaced.code, 0, replaced.stderr)
    assert.match(readFileSync(join(folder, unitPath), 'utf8'), /^ExecStart=\/opt\/hcm run /m)

    assert.equal((await service('uninstall', '--root', folder)).code, 0)
    for (const path of [unitPath, linkPath]) assert.throws(() => statSync(join(folder, path)), { code: 'ENOENT' })
    const gone = await service('uninstall', '--root', folder)
    assert.deepEqual([gone.code, /not installed here/.test(gone.stderr)], [1, true])
  })

  test("somebody else's unit of that name is left alone", async (t) => {
    const folder = folderFor(t)
    mkdirSync(dirname(join(folder, unitPath)), { recursive: true })
    writeFileSync(join(folder, unitPath), '[Service]\nExecStart=/bin/true\n')
    for (const words of [['install', '--program', '/usr/bin/hcm', '--replace'], ['uninstall']]) {
      const { code, stderr } = await service(...words, '--root', folder)
      assert.deepEqual([code, /is not ours/.test(stderr)], [1, true], stderr)
    }
    assert.equal(readFileSync(join(folder, unitPath), 'utf8'), '[Service]\nExecStart=/bin/true\n')
  })

  test('what would be done is printed, for every system, and nothing is done', async (t) => {
    const folder = folderFor(t)
    const shown = (
      await service('install', '--root', folder, '--program', '/usr/bin/hcm', '--dry-run')
    ).stdout.toString()
    assert.match(shown, new RegExp(`^write ${join(folder, unitPath)}$`, 'm'))
    assert.throws(() => statSync(join(folder, unitPath)), { code: 'ENOENT' })
    for (const [platform, line] of Object.entries({
      linux: /^run systemctl restart postern-hcm\.service$/m,
      macos: /^run launchctl bootstrap system /m,
      windows: /^run C:\\ProgramData\\Postern\\service\\postern-hcm\.exe install$/m,
    })) {
      const { code, stdout } = await service('install', '--dry-run', '--platform', platform)
      assert.equal(code, 0)
      assert.match(stdout.toString(), line)
    }
    assert.equal((await service('install', '--platform', 'macos')).code, 2)
  })

  test('a user, and a system without systemd, are told what to do', async () => {
    const { code, stderr } = await service('start')
    assert.deepEqual([code, /systemd does not run here|not installed here|Only root/.test(stderr)], [1, true], stderr)
    const status = await service('status', '-o', 'json')
    assert.equal(JSON.parse(status.stdout.toString()).Unit, 'postern-hcm.service')
    assert.notEqual(status.code, 0)
  })
})
