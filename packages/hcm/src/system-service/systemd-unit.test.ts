import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOwnUnit, systemdUnit } from './systemd-unit.ts'

function lineOf(unit: string, key: string): string | undefined {
  return unit.split('\n').find((line) => line.startsWith(`${key}=`))
}

test('the program is started with the state folder that systemd makes', () => {
  const unit = systemdUnit({ program: ['/usr/bin/hcm'] })
  assert.equal(lineOf(unit, 'ExecStart'), 'ExecStart=/usr/bin/hcm run --state-dir %S/postern-hcm')
  assert.equal(lineOf(unit, 'StateDirectory'), 'StateDirectory=postern-hcm')
})

test('words that mean something to systemd reach the program as they are', () => {
  const unit = systemdUnit({ program: ['/opt/my node', '/opt/100%/$x', 'a"b\\c'] })
  assert.match(unit, /^ExecStart="\/opt\/my node" \/opt\/100%%\/\$\$x "a\\"b\\\\c" run /m)
})

test('the service may do next to nothing, but compile', () => {
  const unit = systemdUnit({ program: ['/usr/bin/hcm'] })
  assert.equal(lineOf(unit, 'MemoryDenyWriteExecute'), 'MemoryDenyWriteExecute=no')
  for (const line of ['DynamicUser=yes', 'CapabilityBoundingSet=', 'NoNewPrivileges=yes', 'ProtectSystem=strict'])
    assert.ok(unit.split('\n').includes(line), line)
})

test('a unit of ours is known by its first line', () => {
  assert.equal(isOwnUnit(systemdUnit({ program: ['/usr/bin/hcm'] })), true)
  assert.equal(isOwnUnit('[Unit]\nDescription=Postern Hybrid Connection Manager\n'), false)
})
