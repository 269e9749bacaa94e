import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEndpoint } from '@postern/client'
import { EndpointPolicy, endpointNotAllowed } from './endpoint-policy.ts'
import { parsePolicyRule } from './policy-rule.ts'

const endpoint = (text: string) => parseEndpoint(text)!
const decide = (rules: string[], text: string) => new EndpointPolicy(rules).decide(endpoint(text))

test('nothing is allowed where nothing was said', () => {
  assert.equal(decide([], 'db.corp:5432'), 'refused')
  assert.equal(new EndpointPolicy([]).allowsAddress('127.0.0.1', 22), false)
})

test('a host with port allows exactly that', () => {
  assert.equal(decide(['DB.corp:5432'], 'db.CORP:5432'), 'allowed')
  for (const other of ['db.corp:5433', 'xdb.corp:5432', 'db.corp.evil:5432'])
    assert.notEqual(decide(['db.corp:5432'], other), 'allowed', other)
  assert.equal(new EndpointPolicy(['10.0.0.5:22']).allowsAddress('10.0.0.5', 22), false)
})

test('a suffix allows names below it, with all or some ports, and never an address', () => {
  assert.equal(decide(['*.corp'], 'a.b.corp:1'), 'allowed')
  for (const other of ['corp:1', 'evilcorp:1', 'corp.evil:1', 'a.corp.evil:1'])
    assert.notEqual(decide(['*.corp'], other), 'allowed', other)
  assert.equal(decide(['*.corp:5432,8000-8100'], 'db.corp:8050'), 'allowed')
  assert.notEqual(decide(['*.corp:5432,8000-8100'], 'db.corp:8101'), 'allowed')
  assert.equal(decide(['*.5'], '10.0.0.5:22'), 'refused')
})

test('a network allows addresses in it, and names only by what they resolve to', () => {
  const policy = new EndpointPolicy(['10.20.0.0/16:5432', 'fd00::/8', '[fe80::/10]:22'])
  assert.equal(policy.decide(endpoint('10.20.255.1:5432')), 'allowed')
  assert.equal(policy.decide(endpoint('10.21.0.1:5432')), 'refused')
  assert.equal(policy.decide(endpoint('10.20.0.1:22')), 'refused')
  assert.equal(policy.decide(endpoint('[fd12::1]:9')), 'allowed')
  assert.equal(policy.decide(endpoint('db.corp:5432')), 'byAddress')
  assert.equal(policy.allowsAddress('10.20.0.1', 5432), true)
  assert.equal(policy.allowsAddress('127.0.0.1', 5432), false)
  assert.equal(policy.allowsAddress('fe80::1', 23), false)
})

test('what the operator saw stays allowed, a change is not, unless he follows changes', () => {
  const policy = new EndpointPolicy(['*.corp:5432'])
  const pinned = endpoint('old.site:1')
  assert.equal(policy.decide(pinned, { pinned }), 'allowed')
  assert.equal(policy.decide(endpoint('127.0.0.1:22'), { pinned }), 'refused')
  assert.equal(new EndpointPolicy([]).decide(endpoint('new.site:1'), { pinned }), 'refused')
  assert.equal(new EndpointPolicy([]).decide(endpoint('new.site:1'), { pinned, follows: true }), 'allowed')
  assert.equal(
    policy.decide(endpoint('127.0.0.1:22'), { pinned, follows: true }),
    'refused',
    'rules have the last word',
  )
})

test('rules that cannot be read are refused with examples', () => {
  for (const text of [
    '',
    'db.corp',
    '*',
    '*:1',
    '*.',
    '*.corp:',
    '*.corp:0',
    '*.corp:9-1',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '*.a*.b',
    '10.0.0.0/8:x',
  ])
    assert.throws(
      () => parsePolicyRule(text),
      { code: 'InvalidConfiguration', message: /Examples: db\.corp:5432/ },
      text,
    )
})

test('a refusal names the endpoint, what it resolves to and the command that allows it', () => {
  const { code, message, help } = endpointNotAllowed(endpoint('db.corp:5432'), ['10.0.0.1'])
  assert.equal(code, 'EndpointNotAllowed')
  assert.match(message, /db\.corp:5432 .*10\.0\.0\.1/)
  assert.match(help ?? '', /hcm policy allow db\.corp:5432\./)
})
