import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkNameService } from './check-name-service.ts'

const folder = mkdtempSync(join(tmpdir(), 'nsswitch-'))
after(() => rmSync(folder, { recursive: true }))

function check(text: string): string | undefined {
  const file = join(folder, 'nsswitch.conf')
  writeFileSync(file, text)
  return checkNameService(file)
}

test('files before dns is right, whatever stands around it', () => {
  assert.equal(check('passwd: files\nhosts:          files dns\n'), undefined)
  assert.equal(check('hosts: myhostname files mdns4_minimal [NOTFOUND=return] dns # dns files\n'), undefined)
  assert.equal(check('  hosts:files resolve [!UNAVAIL=return] dns'), undefined)
})

test('who is asked before files is named', () => {
  assert.match(
    check('hosts: mymachines resolve [!UNAVAIL=return] files dns') ?? '',
    /asks resolve for hosts before "files"/,
  )
  assert.match(check('hosts: dns [NOTFOUND=return] files') ?? '', /asks dns for hosts/)
})

test('an order without files is named', () => {
  assert.match(check('hosts: dns') ?? '', /has no "files" for hosts/)
})

test('a system without the file, or without a line for hosts, asks files first', () => {
  assert.equal(check('passwd: files\n'), undefined)
  assert.equal(checkNameService(join(folder, 'none')), undefined)
})
