import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { DocumentCopy } from '../../storage/document-copy.ts'
import { MemoryStore } from '../../storage/memory/memory-store.ts'
import { RoleBook, type RoleQuestion } from './role-book.ts'

const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const contributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c'
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const listener = '26e0b698-aa6d-4085-9386-aadae190014d'
const dates = { createdAt: new Date(0), updatedAt: new Date(0) }

async function openBook(t: TestContext): Promise<{
  readonly book: RoleBook
  readonly store: MemoryStore
  readonly assign: (id: string, principalId: string, roleDefinitionId: string, scope: string) => Promise<unknown>
}> {
  const store = new MemoryStore()
  const documents = await DocumentCopy.open(store)
  const book = new RoleBook(documents)
  t.after(() => book.close())
  return {
    book,
    store,
    assign: (id, principalId, roleDefinitionId, scope) =>
      store.put({
        kind: 'roleAssignment',
        value: { id, principalId, roleDefinitionId, scope, principalType: 'User', createdBy: 'x', ...dates },
      }),
  }
}

const ask = (action: string, scope: string, kind: RoleQuestion['kind'] = 'action'): RoleQuestion => ({
  kind,
  action,
  scope,
})
const namespace = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Relay/namespaces/n'
const entity = `${namespace}/hybridConnections/h`
const listKeys = 'Microsoft.Relay/namespaces/hybridConnections/authorizationRules/listKeys/action'
const listenAction = 'Microsoft.Relay/namespaces/messages/listen/action'

test('nobody may do anything without an assignment', async (t) => {
  const { book } = await openBook(t)
  assert.deepEqual(book.decide({ principalIds: ['p'] }, ask('Microsoft.Relay/namespaces/read', namespace)), {
    allowed: false,
  })
})

test('an assignment holds at its scope and below, for any case, and ends when it is deleted', async (t) => {
  const { book, store, assign } = await openBook(t)
  await assign('a', 'P', reader, '/subscriptions/S/resourcegroups/G')
  const caller = { principalIds: ['p'] }
  assert.deepEqual(book.decide(caller, ask('microsoft.relay/NAMESPACES/read', entity)), {
    allowed: true,
    role: 'Reader',
    assignmentScope: '/subscriptions/S/resourcegroups/G',
  })
  assert.equal(book.decide(caller, ask('Microsoft.Relay/namespaces/read', '/subscriptions/s')).allowed, false)
  assert.equal(
    book.decide(caller, ask('Microsoft.Relay/namespaces/read', '/subscriptions/s/resourceGroups/gg')).allowed,
    false,
  )
  await store.delete('roleassignment/a')
  assert.equal(book.decide(caller, ask('Microsoft.Relay/namespaces/read', entity)).allowed, false)
})

test('a reader sees a hybrid connection and not its keys; a contributor gets the keys and assigns no roles', async (t) => {
  const { book, assign } = await openBook(t)
  await assign('a', 'reader', reader, '/subscriptions/s')
  await assign('b', 'contributor', contributor, '/subscriptions/s')
  const may = (who: string, action: string, kind?: 'dataAction'): boolean =>
    book.decide({ principalIds: [who] }, ask(action, entity, kind)).allowed
  assert.equal(may('reader', 'Microsoft.Relay/namespaces/hybridConnections/read'), true)
  assert.equal(may('reader', listKeys), false)
  assert.equal(may('contributor', listKeys), true)
  assert.equal(may('contributor', 'Microsoft.Authorization/roleAssignments/write'), false)
  assert.equal(may('contributor', 'Microsoft.Authorization/roleAssignments/read'), true)
  assert.equal(may('contributor', listenAction, 'dataAction'), false)
})

test('data actions and actions are two things', async (t) => {
  const { book, assign } = await openBook(t)
  await assign('a', 'l', listener, entity)
  await assign('b', 'o', owner, '/')
  const decide = (who: string, action: string, kind: 'action' | 'dataAction'): boolean =>
    book.decide({ principalIds: [who] }, ask(action, entity, kind)).allowed
  assert.equal(decide('l', listenAction, 'dataAction'), true)
  assert.equal(decide('l', listenAction, 'action'), false)
  assert.equal(decide('l', 'Microsoft.Relay/namespaces/messages/send/action', 'dataAction'), false)
  assert.equal(decide('o', listenAction, 'dataAction'), false)
  assert.equal(book.decide({ principalIds: ['l'] }, ask(listenAction, namespace, 'dataAction')).allowed, false)
})

test('a group counts like its member, and a changed custom role at once', async (t) => {
  const { book, store, assign } = await openBook(t)
  const role = (actions: readonly string[]) => ({
    kind: 'roleDefinition' as const,
    value: {
      id: 'custom',
      roleName: 'Attacher',
      description: '',
      permissions: [{ actions, notActions: [], dataActions: [], notDataActions: [] }],
      assignableScopes: ['/'],
      ...dates,
    },
  })
  await store.put(role(['Microsoft.Relay/*/listKeys/action']))
  await assign('a', 'group', 'custom', '/subscriptions/s')
  const caller = { principalIds: ['somebody', 'group'] }
  assert.equal(book.decide(caller, ask(listKeys, entity)).allowed, true)
  await store.put(role(['*/read']))
  assert.equal(book.decide(caller, ask(listKeys, entity)).allowed, false)
})

test('a list above an assignment can hold something for its principal', async (t) => {
  const { book, assign } = await openBook(t)
  await assign('a', 'p', reader, entity)
  const question = ask('Microsoft.Relay/namespaces/hybridConnections/read', '/subscriptions/s')
  assert.equal(book.reachesBelow({ principalIds: ['p'] }, question), true)
  assert.equal(book.reachesBelow({ principalIds: ['q'] }, question), false)
  assert.equal(book.reachesBelow({ principalIds: ['p'] }, { ...question, scope: '/subscriptions/t' }), false)
})

test('subjects of other issuers are told apart by case, unlike GUIDs', async (t) => {
  const { book, assign } = await openBook(t)
  await assign('a', 'corp:Ann', reader, '/')
  const question = ask('Microsoft.Relay/namespaces/read', namespace)
  assert.equal(book.decide({ principalIds: ['corp:Ann'] }, question).allowed, true)
  assert.equal(book.decide({ principalIds: ['corp:ann'] }, question).allowed, false)
})

test('a role at a hybrid connection is none at another one whose name begins with its name and a slash', async (t) => {
  const { book, assign } = await openBook(t)
  await assign('a', 'p', listener, entity)
  await assign('b', 'p', owner, entity)
  const caller = { principalIds: ['p'] }
  assert.equal(book.decide(caller, ask(listenAction, entity, 'dataAction')).allowed, true)
  assert.equal(book.decide(caller, ask(listenAction, `${entity}/db`, 'dataAction')).allowed, false)
  const write = 'Microsoft.Relay/namespaces/hybridConnections/write'
  assert.equal(book.decide(caller, ask(write, `${entity}/db`)).allowed, false)
  assert.equal(book.decide(caller, ask(listKeys, `${entity}/authorizationRules/r`)).allowed, true)
  assert.equal(book.decide(caller, ask(listKeys, `${entity}/db/authorizationRules/r`)).allowed, false)
})

test('a person of another issuer who is called like a group has not the role of the group', async (t) => {
  const { book, store } = await openBook(t)
  const value = { id: 'a', principalId: 'corp:admins', roleDefinitionId: owner, scope: '/', createdBy: 'x', ...dates }
  await store.put({ kind: 'roleAssignment', value: { ...value, principalType: 'Group' } })
  const question = ask('Microsoft.Relay/namespaces/read', namespace)
  const may = (principalIds: readonly string[]): readonly boolean[] => [
    book.decide({ principalIds }, question).allowed,
    book.reachesBelow({ principalIds }, question),
  ]
  assert.deepEqual(may(['corp:admins']), [false, false])
  assert.deepEqual(may(['corp:ann', 'corp:admins']), [true, true])
})
