import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ManagedRelay, openManagedRelay } from './managed-relay.contract.ts'

let relay: ManagedRelay

before(async () => {
  relay = await openManagedRelay()
})
after(() => relay[Symbol.asyncDispose]())

describe('with an environment and no account', () => {
  test('a group, a namespace, a hybrid connection, a rule and its keys are made, shown, changed and deleted', async () => {
    await relay.json('group create -n demo -l home --tags a=b')
    const made = await relay.json('relay namespace create -n contoso -g demo -l home')
    assert.equal(made.properties.provisioningState, 'Succeeded')
    assert.equal((await relay.json('relay namespace exists -n contoso')).nameAvailable, false)

    const where = '--namespace-name contoso -g demo'
    const hyco = await relay.json(`relay hyco create -n db ${where} --endpoint db.local:5432`)
    assert.equal(hyco.properties.userMetadata, '[{"key":"endpoint","value":"db.local:5432"}]')
    const changed = await relay.json(`relay hyco update --ids ${hyco.id} --endpoint db2.local:5432`)
    assert.equal(changed.properties.userMetadata, '[{"key":"endpoint","value":"db2.local:5432"}]')

    const allowing = await relay.json(`relay hyco update --ids ${hyco.id} --actions connect publish,subscribe`)
    assert.deepEqual(allowing.properties.actions, ['connect', 'publish', 'subscribe'])

    const rule = `-n l --hybrid-connection-name db ${where}`
    await relay.json(`relay hyco authorization-rule create ${rule} --rights listen`)
    const before = await relay.json(`relay hyco authorization-rule keys list ${rule}`)
    const renewed = await relay.json(`relay hyco authorization-rule keys renew ${rule} --key PrimaryKey`)
    assert.notEqual(renewed.primaryKey, before.primaryKey)
    assert.equal(renewed.secondaryKey, before.secondaryKey)

    const rules = await relay.json(
      `relay namespace network-rule-set update ${where} --default-action Deny --ip-rules 127.0.0.0/8`,
    )
    assert.deepEqual([rules.properties.defaultAction, rules.properties.ipRules[0].ipMask], ['Deny', '127.0.0.0/8'])

    assert.deepEqual(await relay.json(`relay hyco list ${where} --query [].name`), ['db'])
    assert.equal(await relay.json('group delete -n demo'), undefined)
    assert.equal((await relay.run('group show -n demo')).code, 3)
  })

  test('every format prints the same list', async () => {
    const printed = { table: 'N\n-----\nlocal\n', tsv: 'local\n', yaml: '- n: local\n', none: '' }
    for (const [format, text] of Object.entries(printed)) {
      assert.equal((await relay.run(`relay namespace list -o ${format} --query [].{n:name}`)).stdout, text)
    }
    const columns = await relay.run('relay namespace list -o table')
    assert.match(columns.stdout, /^Name +ResourceGroup +Location +Status +Endpoint\n/)
  })

  test('what fails says code, text and what to do, and ends with the code of its kind', async () => {
    const cases = [
      {
        args: 'relay namespace show -n none -g postern',
        code: 3,
        stderr: /^postern: ResourceNotFound: .*\n {2}Check /,
      },
      { args: 'relay namespace show -n x', code: 2, stderr: /needs --resource-group\/-g\n/ },
      { args: 'relay nothing', code: 2, stderr: /unknown command/ },
      { args: 'relay namespace delete -n local -g postern', code: 1, stderr: /^postern: \w+: .*declare/ },
    ]
    // One after the other: a small machine has two cores, and each of them is a process.
    for (const { args, code, stderr } of cases) {
      const result = await relay.run(args)
      assert.equal(result.code, code, `${args}: ${result.stderr}`)
      assert.match(result.stderr, stderr, args)
      assert.equal(result.stdout, '')
    }
    const wrongSecret = await relay.run('group list', { ...relay.ci, POSTERN_CLIENT_SECRET: 'x'.repeat(40) })
    assert.equal(wrongSecret.code, 1)
    assert.match(wrongSecret.stderr, /^postern: invalid_client: /)
    const unknownCa = await relay.run('group list', { ...relay.ci, POSTERN_CA: '' })
    assert.match(unknownCa.stderr, /^postern: ConnectionFailed: .*certificate.*\n {2}Check address and port/)
  })

  test('an HCM gets a token to enrol with, is listed, shown and revoked', async () => {
    await relay.json('group create -n site -l home')
    await relay.json('relay namespace create -n fabrikam -g site')
    await relay.json('relay hyco create -n web --namespace-name fabrikam -g site --endpoint web.local:80')
    const made = await relay.json('hcm enrol --hybrid-connections fabrikam/web --expires-in 30m')
    const [waiting] = await relay.json('hcm enrolment list')
    assert.equal(waiting.properties.token, undefined)
    assert.deepEqual(waiting.properties.hybridConnections, made.properties.hybridConnections)

    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const body = {
      token: made.properties.token,
      name: 'site1',
      version: '1',
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
    }
    const file = join(relay.folder, 'enrol.json')
    writeFileSync(file, JSON.stringify(body))
    await relay.json(`rest POST /providers/Postern.Management/hcms/enrol?api-version=2026-11-01 --body @${file}`)
    const shown = await relay.run('hcm show -n site1 -o table')
    assert.match(
      shown.stdout,
      /^Namespace +HybridConnection +Endpoint +Target.*\n-.*\nfabrikam +web +web\.local:80 .*\nsite1: NeverSeen, last seen never\n$/,
    )
    await relay.json('hcm revoke -n site1')
    assert.deepEqual(await relay.json('hcm list'), [])
  })

  test('rest sends any request with a body of text or of a file', async () => {
    const target = '/subscriptions/{subscriptionId}/resourceGroups/rest?api-version=2021-04-01'
    const env = { ...relay.ci, POSTERN_SUBSCRIPTION: 'any text' }
    assert.equal(
      (await relay.json(`rest PUT ${target} --body {"location":"here"}`, env)).id,
      '/subscriptions/any text/resourceGroups/rest',
    )
    const file = join(relay.folder, 'body.json')
    writeFileSync(file, '{ "tags": { "a": "b" } }')
    assert.deepEqual((await relay.json(`rest patch ${target} --body @${file}`, env)).tags, { a: 'b' })
    const refused = await relay.run(`rest DELETE ${target} --headers If-Match="0"`, env)
    assert.match(refused.stderr, /PreconditionFailed/)
    assert.equal((await relay.run(`rest DELETE ${target}`, env)).code, 0)
  })
})
