import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { readAtomEntry } from './read-atom-entry.ts'

const connect = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect'

/** An entry as a public program of Microsoft's writes it. */
function entryOf(members: string): string {
  return `<entry xmlns="http://www.w3.org/2005/Atom">
      <title type="text">hc1</title>
      <content type="application/xml">
        <HybridConnectionDescription xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="${connect}">
          ${members}
        </HybridConnectionDescription>
      </content>
    </entry>`
}

const rule = (members: string, type = 'SharedAccessAuthorizationRule'): string =>
  `<AuthorizationRules><AuthorizationRule i:type="${type}">${members}</AuthorizationRule></AuthorizationRules>`

const read = (text: string) => readAtomEntry(Buffer.from(text))

function problemOf(text: string | Uint8Array): string {
  try {
    readAtomEntry(typeof text === 'string' ? Buffer.from(text) : text)
  } catch (error) {
    if (isRelayError(error, 'RequestContentInvalid')) return error.message
    throw error
  }
  return 'none'
}

test('what an entry names is read, rules with their keys, and nothing is what it does not name', () => {
  const entry = read(
    entryOf(`<RequiresClientAuthorization>false</RequiresClientAuthorization>
      <AuthorizationRules>
        <AuthorizationRule i:type="SharedAccessAuthorizationRule">
          <ClaimType>SharedAccessKey</ClaimType><ClaimValue>None</ClaimValue>
          <Rights><AccessRights>Send</AccessRights><AccessRights>Listen</AccessRights></Rights>
          <CreatedTime>2024-01-01T00:00:00Z</CreatedTime>
          <KeyName>proxy</KeyName><PrimaryKey>a2V5&#61;</PrimaryKey>
        </AuthorizationRule>
      </AuthorizationRules>
      <UserMetadata>[{"key":"endpoint","value":"db:1"}] &lt;&amp;<![CDATA[<&>]]></UserMetadata>`),
  )
  assert.equal(entry.requiresClientAuthorization, false)
  assert.equal(entry.userMetadata, '[{"key":"endpoint","value":"db:1"}] <&<&>')
  const [first, ...others] = entry.rules ?? []
  assert.equal(others.length, 0)
  assert.deepEqual([first?.name, first?.rights, first?.primaryKey?.reveal()], ['proxy', ['Send', 'Listen'], 'a2V5='])
  assert.equal(first?.secondaryKey, undefined)
  assert.deepEqual(read(entryOf('')), {})
})

test('prefixes, an XML declaration, comments, nil members and those that nobody knows make no difference', () => {
  const text = `\uFEFF<?xml version="1.0" encoding="utf-16"?><!-- c --><a:entry xmlns:a="http://www.w3.org/2005/Atom" xmlns:s="${connect}"
    xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><a:content><s:HybridConnectionDescription>
    <s:CreatedAt>never</s:CreatedAt><s:Other><s:Deep/></s:Other><UserMetadata>not ours</UserMetadata>
    <s:RequiresClientAuthorization> 1 </s:RequiresClientAuthorization><s:UserMetadata x:nil="true"/><s:ListenerCount>9</s:ListenerCount>
    <s:AuthorizationRules><s:AuthorizationRule x:type="s:SharedAccessAuthorizationRule"><s:KeyName>r</s:KeyName>
    <s:PrimaryKey x:nil="1"/></s:AuthorizationRule></s:AuthorizationRules>
    </s:HybridConnectionDescription></a:content></a:entry>`
  const { rules, ...entry } = read(text)
  assert.deepEqual(entry, { requiresClientAuthorization: true })
  assert.deepEqual(rules, [{ name: 'r', rights: [], primaryKey: undefined, secondaryKey: undefined }])
})

test('an entry of another kind is refused by what is missing', () => {
  assert.match(problemOf('<entry/>'), /must be an entry of http:\/\/www\.w3\.org\/2005\/Atom/)
  assert.match(problemOf('<feed xmlns="http://www.w3.org/2005/Atom"/>'), /must be an entry/)
  assert.match(problemOf('<entry xmlns="http://www.w3.org/2005/Atom"/>'), /must have a content/)
  assert.match(
    problemOf(entryOf('').replaceAll('HybridConnectionDescription', 'RelayDescription')),
    /must have a content/,
  )
  assert.match(problemOf(entryOf('').replace(connect, 'urn:x')), /must have a content/)
  assert.match(problemOf(entryOf('<UserMetadata/><UserMetadata/>')), /UserMetadata is there twice/)
  assert.match(problemOf(entryOf('<RequiresClientAuthorization>yes</RequiresClientAuthorization>')), /true or false/)
  assert.match(problemOf(entryOf(rule('<KeyName>r</KeyName>', 'AllowRule'))), /can only hold/)
  assert.match(problemOf(entryOf(rule('<KeyName>r</KeyName><ClaimType>Other</ClaimType>'))), /can only hold/)
  assert.match(problemOf(entryOf('<AuthorizationRules><Rule/></AuthorizationRules>')), /can only hold/)
  assert.match(problemOf(entryOf(rule(''))), /KeyName is missing/)
  assert.match(
    problemOf(entryOf(rule('<KeyName>r</KeyName><Rights><AccessRights>All</AccessRights></Rights>'))),
    /Rights can hold/,
  )
})

test('a document type is refused before anything of it is expanded or fetched', () => {
  const laughs = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join('')
  for (const doctype of [
    '<!DOCTYPE entry>',
    '<!DOCTYPE entry [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE entry SYSTEM "http://example.test/entry.dtd">',
    `<!DOCTYPE entry [<!ENTITY l0 "ha">${laughs}]>`,
    '<!DOCTYPE entry [<!ENTITY % p SYSTEM "http://example.test/x"> %p;]>',
  ]) {
    assert.match(problemOf(doctype + entryOf('<UserMetadata>&l9;&x;</UserMetadata>')), /document type|not well-formed/)
  }
  assert.equal(problemOf(`<!DOCTYPE entry>${entryOf('')}`), 'The body may not have a document type (DOCTYPE)')
})

test('what is no XML is refused with its place and without its content', () => {
  for (const text of [
    '',
    ' ',
    'secret',
    '{"secret":1}',
    '<secret>',
    entryOf('<UserMetadata>&secret;</UserMetadata>'),
    entryOf('<UserMetadata>\u0001secret</UserMetadata>'),
    entryOf('<UserMetadata>&#0;</UserMetadata>'),
    entryOf('<UserMetadata a="1" a="secret"/>'),
    entryOf('<secret:UserMetadata/>'),
    entryOf('<UserMetadata></secret>'),
    `${entryOf('')}<secret/>`,
  ]) {
    const problem = problemOf(text)
    assert.match(problem, /^The body is not well-formed XML at \d+:\d+$/, text)
  }
  assert.equal(problemOf(Buffer.from([0xff, 0xfe, 0x3c, 0x00])), 'The body is not UTF-8')
})

test('depth and number of elements are bounded', () => {
  assert.match(problemOf(entryOf('<a>'.repeat(100) + '</a>'.repeat(100))), /deeper than 16/)
  assert.match(problemOf('<a>'.repeat(20_000)), /deeper than 16/)
  assert.match(problemOf(entryOf('<a/>'.repeat(1000))), /more than 500 elements/)
})
