import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { whyNotStartable } from './service-program.ts'

test('a program that all may run can be started', () => {
  assert.equal(whyNotStartable(['/bin/sh', '-c', 'true']), undefined)
})

test('one in a folder of a user cannot, nor one that is not there', () => {
  assert.equal(whyNotStartable(['/bin/sh', '/gone/main.js']), '/gone/main.js does not exist')
  assert.match(whyNotStartable(['/bin/sh'], ['/bin']) ?? '', /^\/bin\/sh lies in a folder that services do not see/)
})

test('one whose name leads to a folder that is hidden from services cannot', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'program-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['seen', 'hidden']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'hidden', 'hcm'), '')
  symlinkSync(join(folder, 'hidden', 'hcm'), join(folder, 'seen', 'hcm'))
  assert.match(
    whyNotStartable([join(folder, 'seen', 'hcm')], [join(folder, 'hidden')]) ?? '',
    /hidden\/hcm lies in a folder that services do not see/,
  )
})

test('one in a folder that others may not enter cannot', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'program-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'hcm'), '')
  chmodSync(folder, 0o700)
  assert.match(whyNotStartable([join(folder, 'bin', 'hcm')], []) ?? '', /lets only its owner in$/)
})
