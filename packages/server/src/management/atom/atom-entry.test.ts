import assert from 'node:assert/strict'
import test from 'node:test'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import { atomError, hybridConnectionEntry, hybridConnectionFeed } from './atom-entry.ts'

const entity: HybridConnection = {
  namespace: 'local',
  name: 'sub/db',
  requiresClientAuthorization: true,
  userMetadata: '[{"key":"endpoint","value":"db.corp:5432"}]',
  rules: [],
  createdAt: new Date('2024-01-02T03:04:05Z'),
  updatedAt: new Date('2024-02-03T04:05:06Z'),
}
const details = { selfUrl: 'https://relay.test:8443/sub/db?a=1&b=2', author: 'local', listenerCount: 2 }

test('an entry holds the description as first child of its content, members in data contract order', () => {
  const [, content] =
    /<content type="application\/xml">(.*)<\/content><\/entry>$/.exec(hybridConnectionEntry(entity, details)) ?? []
  assert.equal(
    content,
    '<HybridConnectionDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">' +
      '<CreatedAt>2024-01-02T03:04:05.000Z</CreatedAt><UpdatedAt>2024-02-03T04:05:06.000Z</UpdatedAt>' +
      '<RequiresClientAuthorization>true</RequiresClientAuthorization>' +
      '<UserMetadata>[{&quot;key&quot;:&quot;endpoint&quot;,&quot;value&quot;:&quot;db.corp:5432&quot;}]</UserMetadata>' +
      '<ListenerCount>2</ListenerCount></HybridConnectionDescription>',
  )
})

test('an entry begins with what the Atom format asks for', () => {
  assert.ok(
    hybridConnectionEntry(entity, details).startsWith(
      '<entry xmlns="http://www.w3.org/2005/Atom"><id>https://relay.test:8443/sub/db?a=1&amp;b=2</id><title type="text">sub/db</title>' +
        '<published>2024-01-02T03:04:05.000Z</published><updated>2024-02-03T04:05:06.000Z</updated><author><name>local</name></author>' +
        '<link rel="self" href="https://relay.test:8443/sub/db?a=1&amp;b=2"/><content ',
    ),
  )
})

test('an entity without userMetadata has no such member, one with an empty text has it empty', () => {
  const { userMetadata: _, ...bare } = entity
  assert.doesNotMatch(hybridConnectionEntry(bare, details), /UserMetadata/)
  assert.match(hybridConnectionEntry({ ...bare, userMetadata: '' }, details), /<UserMetadata><\/UserMetadata>/)
})

test('metadata cannot end its element, and what XML cannot hold is replaced', () => {
  const userMetadata = '</UserMetadata>\r\n\tö€😀\u0000\u001b\ud800]]>'
  const text = hybridConnectionEntry({ ...entity, userMetadata }, details)
  assert.match(
    text,
    /<UserMetadata>&lt;\/UserMetadata&gt;&#13;&#10;&#9;ö€😀\uFFFD\uFFFD\uFFFD\]\]&gt;<\/UserMetadata>/u,
  )
})

test('an error carries status and detail', () => {
  assert.equal(
    atomError({ status: 401, detail: 'a < b. TrackingId:1' }),
    '<Error><Code>401</Code><Detail>a &lt; b. TrackingId:1</Detail></Error>',
  )
})

test('rules stand between their neighbours of the data contract, with the keys that are to be told', () => {
  const rules = [{ name: 'r&d', rights: ['Listen', 'Send'], primaryKey: 'k<1' }] as const
  assert.match(
    hybridConnectionEntry(entity, { ...details, rules }),
    /<\/RequiresClientAuthorization><AuthorizationRules><AuthorizationRule i:type="SharedAccessAuthorizationRule"><ClaimType>SharedAccessKey<\/ClaimType><ClaimValue>None<\/ClaimValue><Rights><AccessRights>Listen<\/AccessRights><AccessRights>Send<\/AccessRights><\/Rights><KeyName>r&amp;d<\/KeyName><PrimaryKey>k&lt;1<\/PrimaryKey><\/AuthorizationRule><\/AuthorizationRules><UserMetadata>/,
  )
})

test('a feed holds its entries, and a link to the next page when there is one', () => {
  const updatedAt = entity.updatedAt
  const empty = hybridConnectionFeed([], { selfUrl: 'https://relay.test/x', updatedAt })
  assert.match(
    empty,
    /^<feed xmlns="http:\/\/www\.w3\.org\/2005\/Atom">.*<link rel="self" href="https:\/\/relay\.test\/x"\/><\/feed>$/,
  )
  assert.doesNotMatch(empty, /<entry|rel="next"/)
  const entry = hybridConnectionEntry(entity, details)
  const full = hybridConnectionFeed([entry, entry], { selfUrl: 'https://a/', nextUrl: 'https://a/?b&c', updatedAt })
  assert.ok(full.endsWith(`<link rel="next" href="https://a/?b&amp;c"/>${entry}${entry}</feed>`))
})
