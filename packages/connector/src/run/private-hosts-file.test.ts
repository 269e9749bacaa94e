import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { PrivateHostsFile } from './private-hosts-file.ts'

function realHosts(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'real-hosts-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'hosts')
  writeFileSync(path, '127.0.0.1 localhost\n')
  return path
}

const many = Array.from({ length: 50 }, (_, index) => `127.1.1.${index} n${index}.corp`)

test('who has the file open sees every change, also when its name is gone', async (context) => {
  const real = realHosts(context)
  await using hosts = await PrivateHostsFile.create(many, real)
  assert.equal(statSync(hosts.path).mode & 0o777, 0o644)
  const opened = openSync(hosts.path, 'r')
  const read = (): string => {
    const buffer = Buffer.alloc(8192)
    return buffer.toString('utf8', 0, readSync(opened, buffer, 0, buffer.length, 0))
  }
  assert.match(read(), /^127\.1\.1\.49 n49\.corp$/m)
  await hosts.unlink()
  assert.equal(existsSync(dirname(hosts.path)), false)
  writeFileSync(real, '127.0.0.1 localhost\n10.0.0.1 later\n')
  await hosts.write(['127.9.9.9 db.corp'])
  assert.equal(read().trimEnd(), '127.9.9.9 db.corp\n127.0.0.1 localhost\n10.0.0.1 later')
  await hosts.write(many)
  assert.match(read(), /^127\.1\.1\.49 n49\.corp$/m)
})

test('a file that becomes shorter is filled with empty lines, never truncated', async (context) => {
  await using hosts = await PrivateHostsFile.create(many, realHosts(context))
  const before = statSync(hosts.path).size
  await hosts.write([])
  assert.equal(statSync(hosts.path).size, before)
  assert.match(readFileSync(hosts.path, 'utf8'), /^127\.0\.0\.1 localhost\n+$/)
})

test('writes that overlap end with the last one', async (context) => {
  await using hosts = await PrivateHostsFile.create([], realHosts(context))
  const sets = [many, [], many.slice(0, 3), many.slice(7, 9)]
  await Promise.all(sets.map((entries) => hosts.write(entries)))
  assert.match(
    readFileSync(hosts.path, 'utf8'),
    /^127\.1\.1\.7 n7\.corp\n127\.1\.1\.8 n8\.corp\n127\.0\.0\.1 localhost\n+$/,
  )
})

test('nothing is left when it is disposed', async (context) => {
  const hosts = await PrivateHostsFile.create([], realHosts(context))
  await hosts[Symbol.asyncDispose]()
  assert.equal(existsSync(dirname(hosts.path)), false)
})
