import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Account, currentAccount, withAccount } from './account.ts'
import { AccountStore } from './account-store.ts'
import { configFolder } from './config-folder.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-accounts-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'postern')
}

const account = (name: string): Account => ({ name, endpoint: 'https://h', clientId: 'c', kind: 'person' })

test('accounts are kept for their owner alone, and nothing else is left in the folder', async (t) => {
  const folder = folderOf(t)
  const store = new AccountStore(folder)
  assert.deepEqual(await store.read(), { accounts: [] })
  await store.update(async (all) => ({ accounts: withAccount(all, account('a')), result: undefined }))
  assert.deepEqual(await new AccountStore(folder).read(), { accounts: [account('a')] })
  assert.deepEqual(readdirSync(folder), ['accounts.json'])
  if (process.platform !== 'win32') {
    assert.equal(statSync(store.path).mode & 0o777, 0o600)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
  }
})

test('changes wait for each other: none is lost', async (t) => {
  const folder = folderOf(t)
  const names = Array.from({ length: 10 }, (_, at) => `a${at}`)
  await Promise.all(
    names.map((name) =>
      new AccountStore(folder).update(async (all) => ({
        accounts: withAccount(all, account(name)),
        result: undefined,
      })),
    ),
  )
  const { accounts } = await new AccountStore(folder).read()
  assert.deepEqual(
    accounts.map(({ name }) => name),
    names,
  )
})

test('a change that fails leaves the accounts and no lock; a lock that somebody left does not stop others for ever', async (t) => {
  const folder = folderOf(t)
  const store = new AccountStore(folder)
  await store.update(async (all) => ({ accounts: withAccount(all, account('a')), result: undefined }))
  const failing = store.update(() => Promise.reject(new Error('no')))
  await assert.rejects(failing, { message: 'no' })
  assert.deepEqual(readdirSync(folder), ['accounts.json'])

  writeFileSync(`${store.path}.lock`, '')
  const longAgo = Date.now() / 1000 - 120
  utimesSync(`${store.path}.lock`, longAgo, longAgo)
  assert.equal(await store.update(async (accounts) => ({ accounts, result: 'done' })), 'done')
})

test('a damaged file is told, not overwritten', async (t) => {
  const folder = folderOf(t)
  const store = new AccountStore(folder)
  await store.update(async (accounts) => ({ accounts, result: undefined }))
  for (const text of ['{', '[]', '{"accounts":[{}]}', 'null']) {
    writeFileSync(store.path, text)
    await assert.rejects(store.read(), { code: 'InvalidConfiguration', message: /is damaged/ }, text)
    await assert.rejects(
      store.update(async (accounts) => ({ accounts, result: undefined })),
      { code: 'InvalidConfiguration' },
    )
    assert.equal(readFileSync(store.path, 'utf8'), text)
  }
})

test('the current account is the chosen one, or the only choice', () => {
  const accounts = [account('a'), account('b')]
  assert.equal(currentAccount({ current: 'b', accounts })?.name, 'b')
  assert.equal(currentAccount({ accounts })?.name, 'a')
  assert.equal(currentAccount({ current: 'gone', accounts }), undefined)
  assert.equal(currentAccount({ accounts: [] }), undefined)
})

test('the folder is that of the system, unless somebody says another', () => {
  assert.equal(configFolder({ POSTERN_CONFIG_DIR: '/x' }, 'linux'), '/x')
  assert.equal(configFolder({ XDG_CONFIG_HOME: '/c' }, 'linux'), join('/c', 'postern'))
  assert.match(configFolder({ XDG_CONFIG_HOME: 'relative' }, 'linux'), /\.config.postern$/)
  assert.match(configFolder({}, 'darwin'), /\.config.postern$/)
  assert.equal(configFolder({ APPDATA: '/a' }, 'win32'), join('/a', 'postern'))
})
