import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRelayTarget, type RelayTarget } from './relay-target.ts'

function parse(requestTarget: string): RelayTarget {
  return parseRelayTarget(requestTarget) ?? assert.fail(`no target: ${requestTarget}`)
}

test('a listen target of hyco-ws is read', () => {
  assert.deepEqual(parse('/$hc/hyco?sb-hc-action=listen'), {
    isHybridConnection: true,
    path: 'hyco',
    rawPath: '/hyco',
    rawQuery: '',
    action: 'listen',
  })
})

test('a connect target of hyco-ws carries token and id', () => {
  const target = parse(
    '/$hc/hyco?sb-hc-action=connect&sb-hc-token=SharedAccessSignature%20sr%3Dhttp%253A%252F%252Flocalhost%252Fhyco%26sig%3Da%252Bb%253D%26se%3D1795328994%26skn%3Drule&sb-hc-id=sid-1',
  )
  assert.deepEqual(target, {
    isHybridConnection: true,
    path: 'hyco',
    rawPath: '/hyco',
    rawQuery: '',
    action: 'connect',
    id: 'sid-1',
    token: 'SharedAccessSignature sr=http%3A%2F%2Flocalhost%2Fhyco&sig=a%2Bb%3D&se=1795328994&skn=rule',
  })
})

test('a token that .NET form-encoded, and one that nobody encoded, are read', () => {
  assert.equal(parse('/$hc/h?sb-hc-token=SharedAccessSignature+sr%3dx').token, 'SharedAccessSignature sr=x')
  assert.equal(parse('/h?sb-hc-token=eyJh.eyJi.c2ln-_').token, 'eyJh.eyJi.c2ln-_')
  assert.equal(parse('/h?sb-hc-token=SharedAccessSignature sr=x&sig=y').token, 'SharedAccessSignature sr=x')
})

test('no action means connect', () => {
  assert.equal(parse('/$hc/hyco').action, 'connect')
  assert.equal(parse('/$hc/hyco?sb-hc-token=t').action, 'connect')
})

test('an unknown action is handed on, in lower case', () => {
  assert.equal(parse('/$hc/hyco?sb-hc-action=Dance').action, 'dance')
  assert.equal(parse('/$hc/hyco?SB-HC-ACTION=LISTEN').action, 'listen')
  assert.equal(parse('/$hc/hyco?sb-hc-action=').action, '')
})

test('/$hc is known with its dollar raw or encoded, once, and only as a whole segment', () => {
  assert.equal(parse('/%24hc/hyco/sub').isHybridConnection, true)
  assert.equal(parse('/%24hc/hyco/sub').path, 'hyco/sub')
  assert.equal(parse('/$HC/hyco').isHybridConnection, true)
  assert.deepEqual(parse('/$hc/'), {
    isHybridConnection: true,
    path: '',
    rawPath: '/',
    rawQuery: '',
    action: 'connect',
  })
  assert.equal(parse('/$hc/$hc/x').path, '$hc/x')
  assert.deepEqual(parse('/$hc'), parse('/$hc/'))
  for (const other of ['/hyco', '/$hcx/y', '/a/$hc/x', '//$hc/x']) {
    assert.equal(parse(other).isHybridConnection, false, other)
  }
})

test('the path is decoded once, and kept as typed beside that', () => {
  const target = parse('/$hc/My%20Hyco/a%2Fb/%252F?x')
  assert.equal(target.path, 'My Hyco/a/b/%2F')
  assert.equal(target.rawPath, '/My%20Hyco/a%2Fb/%252F')
})

test('dots, empty segments and letter case of a path are nobody else’s to change', () => {
  assert.equal(parse('/hyco/../A/./b//c/').rawPath, '/hyco/../A/./b//c/')
  assert.equal(parse('/hyco/../A/./b//c/').path, 'hyco/../A/./b//c/')
  assert.equal(parse('//host/x').path, '/host/x')
})

// In the spirit of the QueryString test of the .NET client, as its HTTP stack puts them on the wire.
const queries: readonly (readonly [typed: string, kept: string])[] = [
  ['', ''],
  ['?', ''],
  ['?a=1&a=2', 'a=1&a=2'],
  ['?a=1&a=2&', 'a=1&a=2&'],
  ['?&&&', '&&&'],
  ['?foo=bar', 'foo=bar'],
  ['?foo=bar&', 'foo=bar&'],
  ['?&foo=bar', '&foo=bar'],
  ['?sb-hc-id=1', ''],
  ['?sb-hc-id=1&custom=value', 'custom=value'],
  ['?custom=value&sb-hc-id=1', 'custom=value'],
  ['?a=1&sb-hc-id=1&b=2', 'a=1&b=2'],
  ['?sb-hc-undefined', 'sb-hc-undefined'],
  ['?sb-hc-undefined=true', ''],
  ['?sb-hc-whatever=', ''],
  ['?sb-hc-whatever=&foo=bar', 'foo=bar'],
  ['?SB-HC-Token=secret&foo', 'foo'],
  ['?sb%2Dhc-token=secret&foo', 'foo'],
  ['?xsb-hc-id=1', 'xsb-hc-id=1'],
  ['?CustomValue', 'CustomValue'],
  ['?custom-Value', 'custom-Value'],
  ['?custom&value', 'custom&value'],
  ['?&custom&value&', '&custom&value&'],
  ['?&&value&&', '&&value&&'],
  ['?+', '+'],
  ['?%2B', '%2B'],
  ['?%20', '%20'],
  ['?%20Key%20=%20%20Value%20With%20Space', '%20Key%20=%20%20Value%20With%20Space'],
  ['?%2f%3a%3d%26', '%2f%3a%3d%26'],
  ["?key='value'", "key='value'"],
  ['?key=%22value%22', 'key=%22value%22'],
  ['?key=%3Cvalue%3E', 'key=%3Cvalue%3E'],
  ['?api-version=abc', 'api-version=abc'],
  ['?name=%C3%B8', 'name=%C3%B8'],
  ['?name=%C3%b8', 'name=%C3%b8'],
  ['?a=b=c&d==', 'a=b=c&d=='],
  ['?a?b=c?d', 'a?b=c?d'],
  ['?a[0]=1;b/c:@', 'a[0]=1;b/c:@'],
]

for (const [typed, kept] of queries) {
  test(`of the query "${typed}" the listener gets "${kept}"`, () => {
    assert.equal(parse(`/hyco/x${typed}`).rawQuery, kept)
  })
}

test('what no URI may hold is percent-encoded, so that a Java listener survives it', () => {
  const target = parse('/h|{x}?q={"a":1}|^`#f%&z=\u00c3\u00b8')
  assert.equal(target.rawPath, '/h%7C%7Bx%7D')
  assert.equal(target.rawQuery, 'q=%7B%22a%22:1%7D%7C%5E%60%23f%25&z=%C3%B8')
  assert.equal(target.path, 'h|{x}')
})

test('a rejection of .NET is read: form encoding, its own spelling', () => {
  const target = parse(
    '/$hc/h?sb-hc-action=accept&sb-hc-id=1_G0&sb-hc-statusCode=403&sb-hc-statusDescription=Go+away%2C+please',
  )
  assert.equal(target.statusCode, 403)
  assert.equal(target.statusDescription, 'Go away, please')
})

test('a rejection of hyco-websocket is read: names without prefix', () => {
  const target = parse('/$hc/h?sb-hc-action=accept&sb-hc-id=1_G0&statusCode=403&statusDescription=Not%20you')
  assert.equal(target.statusCode, 403)
  assert.equal(target.statusDescription, 'Not you')
})

test("a sender's own statusCode before sb-hc-id does not make an accept a rejection", () => {
  const target = parse('/$hc/h?statusCode=500&statusDescription=mine&sb-hc-action=accept&sb-hc-id=1_G0')
  assert.equal('statusCode' in target, false)
  assert.equal('statusDescription' in target, false)
  assert.equal(target.rawQuery, 'statusCode=500&statusDescription=mine')
})

test('a rejection whose status cannot be read is one with 400', () => {
  for (const code of ['', 'abc', '12', '1000', '-403', '4e2']) {
    assert.equal(parse(`/$hc/h?sb-hc-id=1&sb-hc-statusCode=${code}`).statusCode, 400, code)
  }
  assert.equal('statusDescription' in parse('/$hc/h?sb-hc-id=1&sb-hc-statusCode=403'), false)
})

test('a key pair in the query is read', () => {
  const target = parse('/h?sb-hc-sas-key-name=rule&sb-hc-sas-key=a%2Bb%3D')
  assert.equal(target.keyName, 'rule')
  assert.equal(target.key, 'a+b=')
})

test('an empty id or token counts as absent', () => {
  const target = parse('/$hc/h?sb-hc-id=&sb-hc-token=')
  assert.equal('id' in target, false)
  assert.equal('token' in target, false)
})

test('the absolute form of a target is read by its path', () => {
  assert.equal(parse('http://relay.example.test:80/hyco/x?a=1').rawPath, '/hyco/x')
  assert.equal(parse('HTTPS://relay.example.test?a=1').rawPath, '/')
  assert.equal(parse('HTTPS://relay.example.test?a=1').rawQuery, 'a=1')
})

test('a target without a path is none', () => {
  for (const text of ['', '*', 'host:443', 'hyco', '?a', 'http://', 'ftp://h/x']) {
    assert.equal(parseRelayTarget(text), undefined, text)
  }
})

test('no target makes the parser throw, leaks a parameter of the relay, or holds what no URI may hold', () => {
  const piece = fc.constantFrom(
    '/',
    '?',
    '&',
    '=',
    '%',
    '%2',
    '$hc',
    '%24hc',
    'sb-hc-',
    'token',
    'a',
    '+',
    '#',
    ' ',
    '\u00ff',
    '€',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (rest) => {
      const { rawPath, rawQuery } = parse(`/${rest}`)
      assert.match(rawPath, /^\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2})*$/)
      assert.match(rawQuery, /^(?:[\w.~!$&'()*+,;=:@/?[\]-]|%[0-9a-fA-F]{2})*$/)
      for (const part of rawQuery.split('&')) assert.doesNotMatch(part, /^sb-hc-[^=]*=/i)
      parseRelayTarget(rest)
    }),
    { numRuns: 500 },
  )
})
