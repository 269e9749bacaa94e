import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { tenantId } from '../../domain/tenant.ts'
import {
  addHcm,
  databaseId,
  enrol,
  filesId,
  makeEnrolment,
  namespaceId,
  openHcmBed,
  publicKey,
  show,
  subscription,
  version,
} from './hcm-setup.contract.ts'

const listenAction = 'Microsoft.Relay/namespaces/messages/listen/action'

test('a token turns a public key into an identity that listens on what it was made for, and on nothing else', async () => {
  await using bed = await openHcmBed()
  const made = await makeEnrolment(bed, {
    ids: [databaseId.toUpperCase().replace('/SUBSCRIPTIONS/S', '/subscriptions/s')],
  })
  assert.equal(made.status, 201)
  const { token, ...shown } = made.json.properties
  assert.deepEqual(shown.hybridConnections, [databaseId])
  const key = publicKey()
  const enrolled = await enrol(bed, token, { publicKey: key })
  assert.equal(enrolled.status, 201)
  const { hcmId, principalId, clientId, ...rest } = enrolled.json
  assert.deepEqual(rest, {
    name: 'site',
    tenantId,
    tokenEndpoint: `https://manage.relay.test/${tenantId}/oauth2/v2.0/token`,
    scopes: { management: 'https://management.azure.com/.default', relay: 'https://relay.azure.net/.default' },
    heartbeatSeconds: 30,
    hybridConnections: [
      {
        id: databaseId,
        namespace: 'contoso',
        name: 'db',
        serviceBusEndpoint: 'https://contoso.relay.test:8443/',
        userMetadata: '[{"key":"endpoint","value":"db.corp:5432"}]',
        endpoint: 'db.corp:5432',
      },
    ],
  })
  const principal = bed.parts.identity.directory.find(principalId)
  assert.deepEqual([principal?.kind, principal?.clientId, principal?.displayName], ['hcm', clientId, 'site'])
  assert.deepEqual(
    principal?.credentials.map((credential) => credential.kind === 'key' && credential.publicKey),
    [key],
  )
  const may = (scope: string): boolean =>
    bed.parts.roles.decide({ principalIds: [principalId] }, { kind: 'dataAction', action: listenAction, scope }).allowed
  assert.deepEqual([may(databaseId), may(filesId), may(namespaceId)], [true, false, false])
  assert.deepEqual(
    [(await show(bed, enrolled.json)).json.name, (await show(bed, enrolled.json)).json.properties.status],
    [hcmId, 'NeverSeen'],
  )
})

test('a token is good once, also when many come with it at once', async () => {
  await using bed = await openHcmBed()
  const { token } = (await makeEnrolment(bed)).json.properties
  const replies = await Promise.all(Array.from({ length: 8 }, () => enrol(bed, token)))
  assert.equal(replies.filter(({ status }) => status === 201).length, 1)
  for (const { status, json } of replies.filter(({ status }) => status !== 201)) {
    assert.deepEqual([status, json.error.code], [403, 'EnrolmentTokenInvalid'])
  }
  assert.equal(bed.parts.documents.list('hcm').length, 1)
  assert.equal(bed.parts.identity.directory.list().length, 1)
})

test('unknown, used, revoked and expired tokens are refused in the same words', async () => {
  await using bed = await openHcmBed()
  const tokens: string[] = [`${randomUUID()}.${'x'.repeat(43)}`, 'nonsense', '.', `${randomUUID()}.`]
  const used = (await makeEnrolment(bed)).json.properties.token
  await enrol(bed, used)
  const revoked = await makeEnrolment(bed)
  assert.equal((await bed.call('DELETE', `${revoked.json.id}${version}`)).status, 200)
  assert.equal((await bed.call('DELETE', `${revoked.json.id}${version}`)).status, 204)
  const wrong = (await makeEnrolment(bed)).json.properties.token
  const other = (await makeEnrolment(bed)).json.properties.token
  tokens.push(used, revoked.json.properties.token, `${wrong.split('.')[0]}.${other.split('.')[1]}`)
  const expired = (await makeEnrolment(bed, { expiresInSeconds: 60 })).json.properties.token
  bed.clock.nowMs += 60_000
  tokens.push(expired)
  const texts = new Set<string>()
  for (const token of tokens) {
    const { status, json } = await enrol(bed, token)
    assert.equal(status, 403, token)
    texts.add(json.error.message)
  }
  assert.equal(texts.size, 1)
  assert.equal((await enrol(bed, wrong)).status, 201)
})

test('guessing is slowed down, for the one address that guesses', async () => {
  await using bed = await openHcmBed()
  const { token } = (await makeEnrolment(bed)).json.properties
  const guess = (address: string, guessed: string) =>
    bed.call('POST', `/providers/Postern.Management/hcms/enrol${version}`, {
      headers: { authorization: '' },
      address,
      body: { token: guessed, name: 'x', version: '1', publicKey: publicKey() },
    })
  const statuses: number[] = []
  for (let at = 0; at < 61; at += 1)
    statuses.push((await guess('192.0.2.1', `${randomUUID()}.${'x'.repeat(43)}`)).status)
  assert.deepEqual([statuses[0], statuses.at(-1)], [403, 429])
  const refused = await guess('192.0.2.1', token)
  assert.deepEqual([refused.status, refused.headers?.['Retry-After']], [429, '60'])
  assert.equal((await guess('192.0.2.2', token)).status, 201)
})

test('a key that cannot be uses up no token, and a private one is refused', async () => {
  await using bed = await openHcmBed()
  const { token } = (await makeEnrolment(bed)).json.properties
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' })
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' })
  const secret = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  for (const key of [weak, curve, secret, 'x', '', undefined, 5, 'x'.repeat(20_000)]) {
    assert.equal((await enrol(bed, token, { publicKey: key })).status, 400, String(key).slice(0, 40))
  }
  for (const wanted of [
    { name: '' },
    { name: 'a\nb' },
    { name: 'x'.repeat(129) },
    { version: '\u0000' },
    { version: 'x'.repeat(65) },
    { version: undefined },
  ]) {
    assert.equal((await enrol(bed, token, wanted)).status, 400, JSON.stringify(wanted))
  }
  const strong = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
  assert.equal((await enrol(bed, token, { publicKey: strong })).status, 201)
})

test('whoever may not list the keys of a hybrid connection gives it to no HCM', async () => {
  await using bed = await openHcmBed()
  await bed.assign('reader', 'Reader', '/')
  await bed.assign('local', 'Contributor', databaseId)
  await bed.assign('manager', 'Contributor', '/subscriptions/s')
  await bed.store.put({
    kind: 'roleDefinition',
    value: {
      id: 'enroller',
      roleName: 'Enroller',
      description: '',
      permissions: [{ actions: ['Postern.Management/hcms/*'], notActions: [], dataActions: [], notDataActions: [] }],
      assignableScopes: ['/'],
      createdAt: new Date(),
      updatedAt: new Date(),
    },
  })
  await bed.assign('enroller', 'enroller', '/subscriptions/s')
  for (const as of ['nobody', 'reader', 'local', 'enroller']) {
    const reply = await makeEnrolment(bed, { as })
    assert.deepEqual([reply.status, reply.json.error.code], [403, 'AuthorizationFailed'], as)
  }
  assert.equal((await makeEnrolment(bed, { as: 'manager' })).status, 201)
  const create = (as: string, ids: readonly string[]) =>
    bed.call('PUT', `${subscription}/hcms/${randomUUID()}${version}`, {
      as,
      body: { properties: { displayName: 'site', publicKey: publicKey(), hybridConnections: ids } },
    })
  assert.equal((await create('local', [databaseId])).status, 201)
  for (const [as, ids] of [
    ['local', [databaseId, filesId]],
    ['reader', [databaseId]],
    ['enroller', [databaseId]],
    ['nobody', [`${namespaceId}/hybridConnections/nothing`]],
  ] as const) {
    assert.equal((await create(as, ids)).status, 403, as)
  }
  assert.equal(bed.parts.documents.list('hcm').length, 1)
})

test('an enrolment names hybrid connections that are there, and lasts a minute to a week', async () => {
  await using bed = await openHcmBed()
  for (const ids of [
    [],
    [namespaceId],
    ['/'],
    [`${databaseId}x`],
    [databaseId.replace('/g/', '/h/')],
    ['x'.repeat(2000)],
  ]) {
    assert.equal((await makeEnrolment(bed, { ids })).status, 400, JSON.stringify(ids).slice(0, 80))
  }
  for (const expiresInSeconds of [0, 59, 604_801, 1.5, '60']) {
    assert.equal((await makeEnrolment(bed, { expiresInSeconds })).status, 400, String(expiresInSeconds))
  }
  const made = await makeEnrolment(bed, { ids: [databaseId, databaseId] })
  const { createdOn, expiresOn, hybridConnections } = made.json.properties
  assert.deepEqual([Date.parse(expiresOn) - Date.parse(createdOn), hybridConnections.length], [3_600_000, 1])
})

test('enrolments are listed without their tokens, and those that nobody used go', async () => {
  await using bed = await openHcmBed()
  const { token } = (await makeEnrolment(bed)).json.properties
  const list = () => bed.call('GET', `${subscription}/hcmEnrolments${version}`)
  const { json } = await list()
  assert.equal(json.value.length, 1)
  assert.equal(JSON.stringify(json).includes(token.split('.')[1]), false)
  assert.equal(JSON.stringify(json).includes('ash'), false)
  const other = await bed.call('GET', `/subscriptions/t/providers/Postern.Management/hcmEnrolments${version}`)
  assert.deepEqual(other.json.value, [])
  bed.clock.nowMs += 3_600_000
  assert.deepEqual((await list()).json.value, [])
  await bed.parts.hcms.sweep()
  assert.deepEqual(bed.parts.documents.list('hcmEnrolment'), [])
})

test('a hybrid connection that was made anew under the same name is not the one of the token', async () => {
  await using bed = await openHcmBed()
  const { token } = (await makeEnrolment(bed, { ids: [databaseId, filesId] })).json.properties
  const stored = bed.parts.documents.get('hybridConnection', 'contoso', 'db')!
  await bed.store.delete(stored.key)
  bed.clock.nowMs += 1000
  const createdAt = new Date(bed.clock.nowMs)
  await bed.store.put({ kind: 'hybridConnection', value: { ...stored.document.value, createdAt } })
  const { json } = await enrol(bed, token)
  assert.deepEqual(
    json.hybridConnections.map(({ name }: { name: string }) => name),
    ['files'],
  )
})

test('a person who asks again for the same key gets the same answer, another key a conflict', async () => {
  await using bed = await openHcmBed()
  const id = randomUUID()
  const key = publicKey()
  const put = (wanted: string) =>
    bed.call('PUT', `${subscription}/hcms/${id.toUpperCase()}${version}`, {
      body: { properties: { displayName: 'site', publicKey: wanted, hybridConnections: [databaseId] } },
    })
  const [first, again, other] = [await put(key), await put(key), await put(publicKey())]
  assert.deepEqual([first.status, again.status, other.status], [201, 200, 409])
  assert.deepEqual(again.json, first.json)
  assert.equal(first.json.hcmId, id)
  assert.equal(bed.parts.identity.directory.list().length, 1)
})

test('what fails half-way leaves no identity behind', async () => {
  await using bed = await openHcmBed()
  await addHcm(bed)
  const { token } = (await makeEnrolment(bed)).json.properties
  const put = bed.store.put.bind(bed.store)
  bed.store.put = (document, condition) =>
    document.kind === 'roleAssignment' ? Promise.reject(new Error('disk full')) : put(document, condition)
  await assert.rejects(enrol(bed, token), /disk full/)
  bed.store.put = put
  assert.equal(bed.parts.documents.list('hcm').length, 1)
  assert.equal(bed.parts.identity.directory.list().length, 1)
  assert.equal((await enrol(bed, token)).status, 403)
})

test('a token gives no more than whoever made it could give now', async () => {
  await using bed = await openHcmBed()
  await bed.assign('leaver', 'Contributor', '/subscriptions/s')
  const { token } = (await makeEnrolment(bed, { as: 'leaver', ids: [databaseId, filesId] })).json.properties
  await bed.parts.roleChanges.unassignAll('leaver')
  await bed.assign('leaver', 'Contributor', filesId)
  const { json } = await enrol(bed, token)
  assert.deepEqual(
    json.hybridConnections.map(({ name }: { name: string }) => name),
    ['files'],
  )
})

test('whoever is disabled gives nothing by the tokens that he made', async () => {
  await using bed = await openHcmBed()
  const { directory } = bed.parts.identity
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'leaver' })
  await bed.assign(id, 'Contributor', '/subscriptions/s')
  const { token } = (await makeEnrolment(bed, { as: id })).json.properties
  await directory.setEnabled(id, false)
  const { json } = await enrol(bed, token)
  assert.deepEqual(json.hybridConnections, [])
  assert.deepEqual(bed.parts.roles.assignmentsOf([json.principalId]), [])
})

test('a person enrols into the subscription of a hybrid connection, not into the list of another one', async () => {
  await using bed = await openHcmBed()
  const create = (place: string) =>
    bed.call('PUT', `/subscriptions/${place}/providers/Postern.Management/hcms/${randomUUID()}${version}`, {
      body: { properties: { displayName: 'site', publicKey: publicKey(), hybridConnections: [databaseId] } },
    })
  assert.deepEqual([(await create('other')).status, (await create('S')).status], [400, 201])
})
