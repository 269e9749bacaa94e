import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PortsInUse, parseResource, TokenAudiences } from './token-audiences.ts'

function open(ports: Partial<PortsInUse> = {}): TokenAudiences {
  return new TokenAudiences({
    issuerOrigin: () => 'https://login.test:8444',
    publicHost: 'relay.test',
    managementHosts: ['manage.test'],
    ports: () => ({ data: 8443, management: 8444, ...ports }),
    isNamespaceHost: (host) => host === 'contoso.test',
  })
}

test("Azure's names stand for their planes at the usual port only, whatever this relay is called", () => {
  const audiences = open()
  for (const name of ['https://management.azure.com/', 'https://MANAGEMENT.core.windows.net//']) {
    assert.equal(audiences.kindOf(name), 'management')
  }
  assert.equal(audiences.kindOf('https://relay.azure.net'), 'data')
  assert.equal(audiences.kindOf('sb://relay.azure.net/'), 'data')
  for (const name of [
    'https://relay.azure.net:8443',
    'https://relay.azure.net.evil.test',
    'https://xrelay.azure.net',
  ]) {
    assert.equal(audiences.kindOf(name), undefined, name)
  }
})

test('own names stand for the plane that answers there', () => {
  const audiences = open()
  assert.equal(audiences.kindOf('https://login.test:8444/'), 'management')
  assert.equal(audiences.kindOf('https://login.test'), undefined)
  assert.equal(audiences.kindOf('https://manage.test'), 'management')
  assert.equal(audiences.kindOf('https://contoso.test:1'), 'data')
  assert.equal(audiences.kindOf('https://relay.test:8443'), 'data')
  assert.equal(audiences.kindOf('https://relay.test:8444'), 'management')
  assert.equal(audiences.kindOf('https://relay.test'), undefined)
})

test('a public port stands for the data door, and takes nothing from the management door', () => {
  assert.equal(open({ publicData: 443 }).kindOf('https://relay.test'), 'data')
  assert.equal(open({ publicData: 443, management: 443 }).kindOf('https://relay.test'), 'management')
})

test('what is no plain origin is no resource', () => {
  for (const text of [
    '',
    'relay.test',
    'ftp://relay.test',
    'https://relay.test/path',
    'https://relay.test?x',
    'https://manage.test@evil.test',
    'https://manage.test\\@evil.test',
    'https://a b',
    `https://${'a'.repeat(600)}.test`,
  ]) {
    assert.equal(parseResource(text), undefined, text)
  }
})
