import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { PosternProcess } from '@postern/testkit'
import { type Json, type ManagedRelay, openManagedRelay } from './managed-relay.contract.ts'

let relay: ManagedRelay

before(async () => {
  relay = await openManagedRelay()
})
after(() => relay[Symbol.asyncDispose]())

describe('with an account', () => {
  const env = (): Record<string, string> => ({ POSTERN_CONFIG_DIR: join(relay.folder, 'accounts') })

  test('nobody is signed in at first, and a secret is not taken from the command line', async () => {
    const { code, stderr } = await relay.run('group list', env())
    assert.equal(code, 1)
    assert.match(stderr, /Nobody is signed in\.\n {2}Sign in \(`postern login`\)/)
    const typed = await relay.run(`login --service-principal -u ${relay.clientId} -p ${relay.clientSecret}`, env())
    assert.equal(typed.code, 2)
    assert.doesNotMatch(typed.stderr, new RegExp(relay.clientSecret))
  })

  test('login keeps a token and no secret, readable by its owner alone; commands use it with the defaults of the account', async () => {
    const login = `login --endpoint ${relay.endpoint}/ --ca ${relay.caFile} --service-principal -u ${relay.clientId} -p @${relay.secretFile}`
    const { code, stderr } = await relay.run(login, env())
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^Signed in at https:\/\/localhost:\d+ as admin, subscription 00000000-/)
    const file = join(relay.folder, 'accounts', 'accounts.json')
    assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(relay.clientSecret))
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)

    const shown = await relay.json('account show', env())
    assert.deepEqual(
      [shown.endpoint, shown.clientId, shown.kind, shown.caFile, shown.accessToken],
      [relay.endpoint, relay.clientId, 'servicePrincipal', relay.caFile, undefined],
    )
    assert.equal((await relay.run('account set --group postern', env())).code, 0)
    assert.equal((await relay.json('relay namespace show -n local', env())).name, 'local')
    assert.equal(await relay.json('relay hyco list --namespace-name local --query length(@)', env()), 2)

    assert.equal((await relay.run('account set --subscription other --group nowhere', env())).code, 0)
    assert.equal((await relay.run('relay namespace show -n local', env())).code, 3)
    assert.equal(
      (
        await relay.json('relay namespace show -n local', {
          ...env(),
          POSTERN_GROUP: 'postern',
          POSTERN_SUBSCRIPTION: shown.subscription,
        })
      ).name,
      'local',
    )
    assert.equal((await relay.run('relay namespace list --account gone', env())).code, 2)
  })

  test('a token that has ended cannot be renewed without the secret, which says so; logout forgets all', async () => {
    const file = join(relay.folder, 'accounts', 'accounts.json')
    const accounts = JSON.parse(readFileSync(file, 'utf8'))
    accounts.accounts[0].expiresAtMs = Date.now()
    writeFileSync(file, JSON.stringify(accounts))
    const { code, stderr } = await relay.run('group list', env())
    assert.equal(code, 1)
    assert.match(stderr, /has ended: sign in again with `postern login`/)
    assert.equal((await relay.run('logout', env())).code, 0)
    assert.deepEqual(await relay.json('account list', env()), [])
    assert.equal((await relay.run('logout', env())).code, 1)
  })

  test('a person enters the code at the page, stays signed in, and is asked again when the session is gone', async () => {
    const folder = join(relay.folder, 'person')
    const person = { POSTERN_CONFIG_DIR: folder }
    const args = ['login', '--endpoint', relay.endpoint, '--ca', relay.caFile, '--name', 'me']
    await using login = new PosternProcess(args, { env: person })
    const [, page = ''] = await login.waitFor('stderr', /^ {2}(https:\S+\/device)$/m)
    const [, code = ''] = await login.waitFor('stderr', /enter the code (\S+)/)
    const form = new URLSearchParams({ user_code: code, action: 'allow', name: 'admin', password: relay.clientSecret })
    const entered = request(page, {
      method: 'POST',
      ca: readFileSync(relay.caFile),
      agent: false,
      signal: AbortSignal.timeout(10_000),
    })
    entered.setHeader('Content-Type', 'application/x-www-form-urlencoded').end(form.toString())
    const [answer] = await once(entered, 'response')
    assert.equal(answer.statusCode, 200)
    answer.resume()
    const { code: exitCode, stderr } = await login.end()
    assert.equal(exitCode, 0, stderr)
    assert.match(stderr, /Signed in at .* as admin/)

    // The token that is kept has ended: each command gets another with the refresh token, which changes with every use.
    const file = join(folder, 'accounts.json')
    const read = (): Json => JSON.parse(readFileSync(file, 'utf8')).accounts[0]
    const age = (changes: Json): void =>
      writeFileSync(file, JSON.stringify({ current: 'me', accounts: [{ ...read(), expiresAtMs: 0, ...changes }] }))
    const { refreshToken } = read()
    age({})
    const results = await Promise.all([relay.run('group list', person), relay.run('group list', person)])
    assert.deepEqual(
      results.map((result) => [result.code, result.stderr]),
      [
        [0, ''],
        [0, ''],
      ],
    )
    assert.notEqual(read().refreshToken, refreshToken)

    age({ refreshToken: 'made up' })
    const ended = await relay.run('group list', person)
    assert.equal(ended.code, 1)
    assert.match(ended.stderr, /The sign-in of me has ended: sign in again/)
  })
})
