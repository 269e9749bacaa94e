import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findInstalledUnit } from './installed-unit.ts'
import { systemdUnit } from './systemd-unit.ts'

function rootWith(t: TestContext, put: (file: (path: string) => string) => void): string {
  const root = mkdtempSync(join(tmpdir(), 'postern-root-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  put((path) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    return join(root, path)
  })
  return root
}

const local = 'etc/systemd/system/postern-hcm.service'
const packaged = 'usr/lib/systemd/system/postern-hcm.service'
const unit = systemdUnit({ program: ['/usr/bin/hcm'] })

test('there is none', (t) => {
  assert.equal(findInstalledUnit(rootWith(t, () => {})), undefined)
})

test('one that we have written is ours, one from a package is told apart', (t) => {
  const ours = rootWith(t, (file) => writeFileSync(file(local), unit))
  assert.deepEqual(findInstalledUnit(ours), { path: join(ours, local), kind: 'own' })
  const theirs = rootWith(t, (file) => writeFileSync(file(packaged), unit))
  assert.deepEqual(findInstalledUnit(theirs), { path: join(theirs, packaged), kind: 'package' })
})

test("a mask and somebody else's unit count before what a package brought", (t) => {
  const masked = rootWith(t, (file) => {
    writeFileSync(file(packaged), unit)
    symlinkSync('/dev/null', file(local))
  })
  assert.equal(findInstalledUnit(masked)?.kind, 'masked')
  const foreign = rootWith(t, (file) => {
    writeFileSync(file(packaged), unit)
    writeFileSync(file(local), '[Service]\nExecStart=/bin/true\n')
  })
  assert.equal(findInstalledUnit(foreign)?.kind, 'foreign')
})
