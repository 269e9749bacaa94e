import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createManagementClient, type ManagementClient } from './management-client.ts'
import { ManagementError } from './management-error.ts'
import { collect, openStubEndpoint, type StubEndpoint } from './stub-endpoint.contract.ts'

const clientOf = ({ endpoint }: StubEndpoint): ManagementClient =>
  createManagementClient({ endpoint, token: () => 'secret' })

const params = { subscriptionId: 's', resourceGroupName: 'g' }

const laterHeaders = { 'Retry-After': '0' }

describe('call', () => {
  test('sends method, escaped path, newest version, query, token, body and headers, and gives the body of the answer', async () => {
    await using stub = await openStubEndpoint([{ json: { name: 'a/b' } }])
    const reply = await clientOf(stub).call('ResourceGroups_CreateOrUpdate', {
      params: { subscriptionId: 's', resourceGroupName: 'a/b?ü' },
      body: { location: 'here' },
      headers: { 'If-Match': '*' },
    })
    assert.equal(reply.name, 'a/b')
    const [request] = stub.requests
    assert.equal(request?.method, 'PUT')
    assert.equal(request?.url, '/subscriptions/s/resourcegroups/a%2Fb%3F%C3%BC?api-version=2021-04-01')
    assert.equal(request?.body, '{"location":"here"}')
    assert.equal(request?.headers.authorization, 'Bearer secret')
    assert.equal(request?.headers['if-match'], '*')
  })

  test('gives undefined for an empty answer, and takes another version', async () => {
    await using stub = await openStubEndpoint([{ status: 204 }])
    const client = clientOf(stub)
    assert.equal(await client.call('ResourceGroups_CheckExistence', { params, apiVersion: '2015-01-01' }), undefined)
    assert.match(stub.requests[0]?.url ?? '', /api-version=2015-01-01$/)
  })

  test('a name that would lead to another address is refused before anything is sent', async () => {
    await using stub = await openStubEndpoint([{ json: {} }])
    for (const subscriptionId of ['..', '.', '']) {
      const called = clientOf(stub).call('Subscriptions_Get', { params: { subscriptionId } })
      await assert.rejects(called, { code: 'ParameterMissing' })
    }
    assert.equal(stub.requests.length, 0)
  })

  test('errors carry status, code, text and request id, in whichever form they came', async () => {
    const armError = { error: { code: 'ResourceNotFound', message: 'gone' } }
    const webError = { Code: 'Conflict', Message: 'full' }
    const cases = [
      { status: 404, json: armError, code: 'ResourceNotFound', message: 'gone' },
      { status: 409, json: webError, code: 'Conflict', message: 'full' },
      {
        status: 400,
        json: { error: 'invalid_client', error_description: 'no' },
        code: 'invalid_client',
        message: 'no',
      },
      { status: 502, text: '<html>', code: 'Http502', message: 'The relay answered with status 502' },
      { status: 500, json: { error: { code: 5 } }, code: 'Http500', message: 'The relay answered with status 500' },
    ]
    for (const { code, message, status, ...reply } of cases) {
      await using stub = await openStubEndpoint([{ ...reply, status, headers: { 'x-ms-request-id': 'id' } }])
      await assert.rejects(clientOf(stub).call('Tenants_List'), {
        name: 'ManagementError',
        code,
        message,
        status,
        requestId: 'id',
      })
    }
  })

  test('429 and 503 are tried again after Retry-After, and no more than four times', async () => {
    const later = { status: 503, headers: laterHeaders, json: { error: { code: 'ServerBusy', message: 'later' } } }
    await using healing = await openStubEndpoint([later, { ...later, status: 429 }, { json: { value: [] } }])
    assert.deepEqual(await clientOf(healing).call('Tenants_List'), { value: [] })
    assert.equal(healing.requests.length, 3)

    await using busy = await openStubEndpoint([later])
    await assert.rejects(clientOf(busy).call('Tenants_List'), { code: 'ServerBusy', isTransient: true })
    assert.equal(busy.requests.length, 5)
  })

  test('ends at its deadline, in the middle of a wait, an answer or a body, and with the signal of the caller', async () => {
    const waiting = { status: 503, headers: { 'Retry-After': '30' } }
    const stuck = (): void => {}
    await using waits = await openStubEndpoint([waiting])
    await using hangs = await openStubEndpoint([stuck])
    await using drips = await openStubEndpoint([(response) => response.writeHead(200).write('{')])
    for (const stub of [waits, hangs, drips]) {
      const called = clientOf(stub).call('Tenants_List', { timeoutMs: 100 })
      await assert.rejects(called, { code: 'DeadlineExceeded', isTransient: true })
      const reason = new Error('enough')
      const stop = new AbortController()
      const cut = clientOf(stub).call('Tenants_List', { signal: stop.signal })
      stop.abort(reason)
      await assert.rejects(cut, reason)
    }
  })

  test('a token that is refused is asked for once more, and the call goes on with the new one', async () => {
    const refusal = { status: 401, json: { error: { code: 'ExpiredAuthenticationToken', message: 'old' } } }
    await using stub = await openStubEndpoint([refusal, { json: { value: [] } }, refusal])
    const asked: (string | undefined)[] = []
    const client = createManagementClient({
      endpoint: stub.endpoint,
      token: (refused) => {
        asked.push(refused)
        return refused === undefined ? 'old' : 'new'
      },
    })
    await client.call('Tenants_List')
    assert.deepEqual(asked, [undefined, 'old'])
    assert.deepEqual(
      stub.requests.map(({ headers }) => headers.authorization),
      ['Bearer old', 'Bearer new'],
    )
    await assert.rejects(client.call('Tenants_List'), { code: 'ExpiredAuthenticationToken' })
  })

  test('a redirect is not followed: the token stays with the relay', async () => {
    await using other = await openStubEndpoint([{ json: {} }])
    await using stub = await openStubEndpoint([{ status: 307, headers: { Location: `${other.endpoint}/tenants` } }])
    await assert.rejects(clientOf(stub).call('Tenants_List'), { code: 'ConnectionFailed' })
    assert.equal(other.requests.length, 0)
  })

  test('what is no JSON, or too long, is refused', async () => {
    await using html = await openStubEndpoint([{ text: '<html>' }])
    await assert.rejects(clientOf(html).call('Tenants_List'), { code: 'ReplyInvalid', status: 200 })
    const endless = (response: {
      write: (text: string) => boolean
      on: (event: 'drain', listener: () => void) => unknown
    }): void => {
      const chunk = 'x'.repeat(1024 * 1024)
      const fill = (): void => {
        while (response.write(chunk));
      }
      response.on('drain', fill)
      fill()
    }
    await using flood = await openStubEndpoint([endless])
    await assert.rejects(clientOf(flood).call('Tenants_List'), { code: 'ReplyTooLarge' })
  })

  test('a relay that is not there is a ConnectionFailed that says why', async () => {
    const stub = await openStubEndpoint([{}])
    await stub[Symbol.asyncDispose]()
    await assert.rejects(clientOf(stub).call('Tenants_List'), (error: unknown) => {
      assert.ok(error instanceof ManagementError)
      assert.equal(error.code, 'ConnectionFailed')
      assert.match(error.message, /127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/)
      return true
    })
  })
})

test('tokens go over TLS, or to this machine itself', () => {
  for (const endpoint of [
    'http://relay.example',
    'relay.example:8444',
    'ftp://localhost',
    '',
    'http://localhost.example',
  ]) {
    assert.throws(() => createManagementClient({ endpoint, token: () => '' }), { code: 'InsecureEndpoint' }, endpoint)
  }
  for (const endpoint of ['https://relay.example', 'http://localhost:1', 'http://127.0.0.1', 'http://[::1]:8444']) {
    createManagementClient({ endpoint, token: () => '' })
  }
})

describe('lists', () => {
  test('pages and items follow nextLink as it is', async () => {
    await using stub = await openStubEndpoint((endpoint) => [
      { json: { value: [{ id: '1' }, { id: '2' }], nextLink: `${endpoint}/next?$skipToken=a%2Fb` } },
      { json: { value: [], nextLink: '/last' } },
      { json: { value: [{ id: '3' }], nextLink: null } },
    ])
    const items = await collect(clientOf(stub).items('Tenants_List'))
    assert.deepEqual(
      items.map(({ id }) => id),
      ['1', '2', '3'],
    )
    assert.deepEqual(
      stub.requests.map(({ url }) => url),
      ['/tenants?api-version=2021-04-01', '/next?$skipToken=a%2Fb', '/last'],
    )
    assert.equal(stub.requests[2]?.headers.authorization, 'Bearer secret')
  })

  test('a nextLink to somebody else, or to the same page, ends the list', async () => {
    await using other = await openStubEndpoint([{ json: { value: [] } }])
    await using foreign = await openStubEndpoint([{ json: { value: [], nextLink: `${other.endpoint}/x` } }])
    await assert.rejects(collect(clientOf(foreign).items('Tenants_List')), { code: 'ForeignAddress' })
    assert.equal(other.requests.length, 0)

    await using circle = await openStubEndpoint([{ json: { value: [1], nextLink: '/again' } }])
    await assert.rejects(collect(clientOf(circle).pages('Tenants_List')), { code: 'ReplyInvalid' })
    await using strange = await openStubEndpoint([{ json: [] }])
    await assert.rejects(collect(clientOf(strange).pages('Tenants_List')), { code: 'ReplyInvalid' })
  })
})

describe('callAndWait', () => {
  test('follows a 202 by its Location, and a resource by its provisioningState', async () => {
    await using deletion = await openStubEndpoint([
      { status: 202, headers: { Location: '/done?x=1', ...laterHeaders } },
      { status: 202, headers: laterHeaders, json: { properties: { status: 'Removing' } } },
      { status: 200 },
    ])
    assert.equal(await clientOf(deletion).callAndWait('ResourceGroups_Delete', { params }), undefined)
    assert.deepEqual(
      deletion.requests.map(({ method, url }) => `${method} ${url}`),
      ['DELETE /subscriptions/s/resourcegroups/g?api-version=2021-04-01', 'GET /done?x=1', 'GET /done?x=1'],
    )

    const state = (provisioningState: string) => ({
      json: { properties: { provisioningState } },
      headers: laterHeaders,
    })
    await using creation = await openStubEndpoint([state('Created'), state('Updating'), state('Succeeded')])
    await clientOf(creation).callAndWait('ResourceGroups_Delete', { params })
    assert.deepEqual(
      creation.requests.map(({ method }) => method),
      ['DELETE', 'GET', 'GET'],
    )

    await using failure = await openStubEndpoint([state('Created'), state('Failed')])
    await assert.rejects(clientOf(failure).callAndWait('ResourceGroups_Delete', { params }), {
      code: 'OperationFailed',
    })
  })

  test('one that never ends ends at the deadline', async () => {
    await using stub = await openStubEndpoint([{ status: 202, headers: { Location: '/done', 'Retry-After': '1' } }])
    const called = clientOf(stub).callAndWait('ResourceGroups_Delete', { params, timeoutMs: 100 })
    await assert.rejects(called, { code: 'DeadlineExceeded' })
  })
})

test('request sends anything to the relay, and only there', async () => {
  await using stub = await openStubEndpoint([{ json: { a: 1 }, headers: { ETag: '"7"' } }])
  const client = clientOf(stub)
  const { status, headers, body } = await client.request({ method: 'PATCH', target: '/x?y=z', body: { b: 2 } })
  assert.deepEqual([status, headers.get('etag'), body], [200, '"7"', { a: 1 }])
  await assert.rejects(client.request({ method: 'GET', target: 'https://elsewhere.example/' }), {
    code: 'ForeignAddress',
  })
  await assert.rejects(client.request({ method: 'GET', target: '//elsewhere.example/' }), { code: 'ForeignAddress' })
})
