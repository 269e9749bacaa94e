import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Json, type ManagedRelay, openManagedRelay } from './managed-relay.contract.ts'

let relay: ManagedRelay

before(async () => {
  relay = await openManagedRelay()
})
after(() => relay[Symbol.asyncDispose]())

describe('people, programs and roles', () => {
  test('a program is made with a secret that signs it in, a person with a password; names find them', async () => {
    const made = await relay.json('principal create -n pipeline')
    const env = { ...relay.ci, POSTERN_CLIENT_ID: made.clientId, POSTERN_CLIENT_SECRET: made.secret }
    const me = await relay.json('rest GET /providers/Postern.Management/me?api-version=2026-11-01', env)
    assert.equal(me.id, made.principalId)
    const lost = await relay.run('relay namespace list', env)
    assert.equal(lost.code, 2)
    assert.match(lost.stderr, /Which subscription\? You have no role in any/)

    const password = join(relay.folder, 'password')
    writeFileSync(password, 'correct horse battery staple\n')
    await relay.json(`principal create -n Ann --kind User --sign-in-name ann@example.com --password @${password}`)
    const ann = await relay.json('principal show --id ann@example.com')
    assert.deepEqual([ann.properties.kind, ann.properties.credentials.length], ['User', 1])
    assert.equal((await relay.json(`principal show --id ${made.clientId}`)).name, made.principalId)
    assert.equal((await relay.run('principal show --id nobody')).code, 3)

    const { credentialId } = await relay.json('principal credential add --id pipeline --end-date 2100-01-31')
    await relay.json(`principal credential remove --id pipeline --credential-id ${credentialId}`)
    await relay.json('principal update --id pipeline --enabled false')
    assert.equal((await relay.run('group list', env)).code, 1)
    await relay.json('principal delete --id pipeline')
    assert.equal((await relay.run('principal show --id pipeline')).code, 3)
  })

  test('a certificate that is none leaves no program behind', async () => {
    const file = join(relay.folder, 'none.pem')
    writeFileSync(file, 'nonsense')
    assert.equal((await relay.run(`principal create -n broken --certificate @${file}`)).code, 1)
    assert.equal((await relay.run('principal show --id broken')).code, 3)
  })

  test('a role of the form that the Azure CLI takes is made, given, listed with names, taken away and deleted', async () => {
    const file = join(relay.folder, 'role.json')
    const definition = { Name: 'Key-reader', Actions: ['Microsoft.Relay/*/read'], AssignableScopes: ['/'] }
    writeFileSync(file, JSON.stringify(definition))
    await relay.json(`role definition create --role-definition @${file}`)
    writeFileSync(file, JSON.stringify({ ...definition, Description: 'changed' }))
    const changed = await relay.json(`role definition create --role-definition @${file}`)
    assert.equal(changed.description, 'changed')
    assert.deepEqual(
      (await relay.json('role definition list --custom-role-only')).map(({ roleName }: Json) => roleName),
      ['Key-reader'],
    )

    const given = await relay.json('role assignment create --assignee admin --role key-reader --scope /')
    assert.deepEqual([given.principalName, given.roleDefinitionName, given.scope], ['admin', 'Key-reader', '/'])
    const listed = await relay.json('role assignment list --assignee admin --role Key-reader --all')
    assert.deepEqual(
      listed.map(({ id, principalName, roleDefinitionName }: Json) => [id, principalName, roleDefinitionName]),
      [[given.id, 'admin', 'Key-reader']],
    )
    assert.equal((await relay.run('role assignment delete --scope /')).code, 2, 'everything is never meant')
    assert.equal((await relay.run('role assignment delete --assignee admin --role Key-reader')).code, 3, 'at / only')
    await relay.json('role assignment delete --assignee admin --role Key-reader --scope /')
    await relay.json('role definition delete --name Key-reader --scope /')
    const group = '--assignee corp:engineers --assignee-principal-type group --role Reader --scope /'
    const toGroup = await relay.json(`role assignment create ${group}`)
    assert.deepEqual([toGroup.principalId, toGroup.principalType], ['corp:engineers', 'Group'])
    assert.equal((await relay.run('role definition show --name Key-reader')).code, 3)
  })
})
