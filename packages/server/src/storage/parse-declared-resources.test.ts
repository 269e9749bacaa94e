import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { parseDeclaredResources } from './parse-declared-resources.ts'

const example = `
namespaces:
  - name: local
    hosts: [relay.example.test]        # besides {name}.{baseDomain}
    default: true
    rules: [{ name: RootManageSharedAccessKey, rights: [Listen, Send, Manage], primaryKey: "..." }]
    hybridConnections:
      - { name: db, endpoint: "db.corp:5432", requiresClientAuthorization: true, rules: [{ name: listener, rights: [Listen] }] }
      - name: sub/web
        userMetadata: "some text"
        httpResponseTimeout: 5m
        actions: [send, subscribe]
        maxListeners: 3
`

test('a file is read as it is written', () => {
  assert.deepEqual(parseDeclaredResources(example, 'r.yaml').declaration, {
    namespaces: [
      {
        name: 'local',
        hosts: ['relay.example.test'],
        default: true,
        rules: [{ name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'], primaryKey: '...' }],
        hybridConnections: [
          {
            name: 'db',
            endpoint: 'db.corp:5432',
            requiresClientAuthorization: true,
            rules: [{ name: 'listener', rights: ['Listen'] }],
          },
          {
            name: 'sub/web',
            userMetadata: 'some text',
            requiresClientAuthorization: true,
            httpResponseTimeout: '5m',
            actions: ['send', 'subscribe'],
            maxListeners: 3,
          },
        ],
      },
    ],
  })
})

test('JSON is read too', () => {
  const { declaration } = parseDeclaredResources('{"namespaces":[{"name":"a"}]}', 'r.json')
  assert.deepEqual(declaration, { namespaces: [{ name: 'a', default: false }] })
})

test('aliases stand for what they name', () => {
  const { declaration } = parseDeclaredResources(
    'namespaces:\n - {name: a, rules: &r [{name: x, rights: [Send]}]}\n - {name: b, rules: *r}',
    'r.yaml',
  )
  assert.deepEqual(declaration.namespaces[1]?.rules, [{ name: 'x', rights: ['Send'] }])
})

/** What is said of a file, without its name. */
const complaints: readonly (readonly [title: string, text: string, ...lines: string[]])[] = [
  ['an empty file', '', '1:1: is missing; write for example {"namespaces":[]}'],
  ['a file without namespaces', 'namespaces:\n', '1:1: namespaces: is missing; write for example namespaces: []'],
  [
    'a misspelt key',
    'namespaces:\n  - name: a\n    hybridConections: []\n',
    '3:5: namespaces[0].hybridConections: unknown key; did you mean hybridConnections?',
  ],
  [
    'a key that resembles none',
    'namespaces:\n  - name: a\n    zzz: 1\n',
    '3:5: namespaces[0].zzz: unknown key; there are name, hosts, default, subscription, resourceGroup, location, tags, publicNetworkAccess, networkRules, rules, hybridConnections, ingress',
  ],
  [
    'a missing name',
    'namespaces:\n  - hosts: []\n',
    '2:5: namespaces[0].name: is missing; write for example name: "local"',
  ],
  [
    'a number for a name',
    'namespaces:\n  - name: 12\n',
    '2:11: namespaces[0].name: must be a text, not 12; put it in quotes: "12"',
  ],
  [
    'a text for a truth value',
    'namespaces:\n  - name: a\n    default: yes\n',
    '3:14: namespaces[0].default: must be true or false; write for example default: true',
  ],
  [
    'a name for a list',
    'namespaces:\n  - name: a\n    hosts: relay.test\n',
    '3:12: namespaces[0].hosts: must be a list: lines that begin with "- ", or [..]; write for example hosts: ["relay.example.com"]',
  ],
  [
    'a right that there is not',
    'namespaces:\n  - name: a\n    rules:\n      - {name: r, rights: [Listen, Lisen, Read]}\n',
    '4:36: namespaces[0].rules[0].rights[1]: must be one of Listen, Send, Manage; did you mean Listen?',
    '4:43: namespaces[0].rules[0].rights[2]: must be one of Listen, Send, Manage',
  ],
  [
    'Manage alone',
    'namespaces: [{name: a, rules: [{name: r, rights: [Manage]}]}]',
    '1:50: namespaces[0].rules[0].rights: Manage comes only together with the others; write [Listen, Send, Manage]',
  ],
  [
    'a rule without rights',
    'namespaces: [{name: a, rules: [{name: r, rights: []}]}]',
    '1:50: namespaces[0].rules[0].rights: must not be empty',
  ],
  [
    'names that differ in case only',
    'namespaces:\n  - {name: a, hybridConnections: [{name: x}, {name: X}]}\n',
    '2:53: namespaces[0].hybridConnections[1].name: "X" is there already; each may be named once, in upper or lower case',
  ],
  [
    'two namespaces with one name, host and default',
    'namespaces:\n  - {name: a, hosts: [h], default: true}\n  - {name: A, hosts: [H], default: true}\n',
    '3:12: namespaces[1].name: "A" is there already; each may be named once, in upper or lower case',
    '3:23: namespaces[1].hosts[0]: "H" is there already; each may be named once, in upper or lower case',
    '3:36: namespaces[1].default: only one namespace can be the default; write false',
  ],
  [
    'an endpoint without a port',
    'namespaces: [{name: a, hybridConnections: [{name: x, endpoint: db.corp}]}]',
    '1:64: namespaces[0].hybridConnections[0].endpoint: must be host:port, such as db.corp:5432 or "[fd00::1]:5432"',
  ],
  [
    'an endpoint beside metadata that cannot hold it',
    'namespaces: [{name: a, hybridConnections: [{name: x, endpoint: "db:1", userMetadata: text}]}]',
    `1:86: namespaces[0].hybridConnections[0].userMetadata: cannot hold the endpoint too; write a list such as '[{"key":"owner","value":"me"}]', or leave endpoint out`,
  ],
  [
    'an endpoint beside another one in the metadata',
    `namespaces: [{name: a, hybridConnections: [{name: x, endpoint: "db:1", userMetadata: '[{"key":"endpoint","value":"db:2"}]'}]}]`,
    '1:64: namespaces[0].hybridConnections[0].endpoint: userMetadata names another endpoint; write it in one place only',
  ],
  [
    'metadata that grows too long by its endpoint',
    `namespaces: [{name: a, hybridConnections: [{name: x, endpoint: "db:1", userMetadata: '[{"key":"k","value":"${'v'.repeat(990)}"}]'}]}]`,
    '1:86: namespaces[0].hybridConnections[0].userMetadata: must be at most 1024 characters long together with the endpoint',
  ],
  [
    'a host with scheme and port',
    'namespaces: [{name: a, hosts: ["https://relay.test:443"]}]',
    '1:32: namespaces[0].hosts[0]: must be a host name or address without scheme, port and wild card, such as relay.example.com',
  ],
  [
    'a duration without unit',
    'namespaces: [{name: a, hybridConnections: [{name: x, httpResponseTimeout: "30"}]}]',
    '1:75: namespaces[0].hybridConnections[0].httpResponseTimeout: must be a duration with its unit, such as 30s or 5m',
  ],
  [
    'a key that would break connection strings',
    'namespaces: [{name: a, rules: [{name: r, rights: [Send], primaryKey: "a;b"}]}]',
    '1:70: namespaces[0].rules[0].primaryKey: must not contain spaces or ";": it would break connection strings; write a base64 text',
  ],
  [
    'a network rule that is no address, and one that is there twice',
    'namespaces:\n  - name: a\n    networkRules:\n      ipRules:\n        - 10.0.0.0/40\n        - {ipMask: 10.0.0.1}\n        - 10.0.0.1\n',
    '5:11: namespaces[0].networkRules.ipRules[0]: "10.0.0.0/40" is neither an IP address nor a network such as 10.0.0.0/8 or fd00::/8',
    '7:11: namespaces[0].networkRules.ipRules[2]: "10.0.0.1" is there already',
  ],
  [
    'a network rule of neither form',
    'namespaces:\n  - name: a\n    networkRules:\n      ipRules:\n        - 10\n        - {ipMask: "::1", for: [send]}\n',
    '5:11: namespaces[0].networkRules.ipRules[0]: must be an address, a network, or {ipMask: "10.0.0.0/8", appliesTo: ["send"]}',
    '6:27: namespaces[0].networkRules.ipRules[1].for: unknown key; there are ipMask, appliesTo',
  ],
  [
    'an action that there is not',
    'namespaces: [{name: a, networkRules: {default: Den}, publicNetworkAccess: Off}]',
    '1:75: namespaces[0].publicNetworkAccess: must be one of Enabled, Disabled',
    '1:48: namespaces[0].networkRules.default: must be one of Allow, Deny; did you mean Deny?',
  ],
  ['a key twice', 'namespaces: []\nnamespaces: []\n', '2:1: is not valid YAML here: Map keys must be unique'],
  [
    'an unfinished list',
    'namespaces: [\n',
    '2:1: is not valid YAML here: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  [
    'a key that is no text',
    'namespaces: []\n[a]: 1\n',
    '2:1: is not valid YAML here: With stringKeys, all keys must be strings',
  ],
]

for (const [title, text, ...lines] of complaints) {
  test(`${title} is refused with its place and what to write instead`, () => {
    assert.deepEqual(complaintsAbout(text), lines)
  })
}

test('an alias of nothing and aliases that multiply are refused', () => {
  assert.match(
    complaintsAbout('namespaces: *none')[0] ?? '',
    /^1:1: has an alias too many or too few: Unresolved alias/,
  )
  const levels = Array.from(
    { length: 9 },
    (_, level) => `b${level}: &b${level} [${`*${level ? `b${level - 1}` : 'a'},`.repeat(9)}]`,
  )
  assert.match(complaintsAbout(['a: &a [1]', ...levels].join('\n'))[0] ?? '', /Excessive alias count/)
})

test('a file that is too long or too deep is refused', () => {
  assert.match(complaintsAbout('#'.repeat(5_000_000))[0] ?? '', /is longer than/)
  assert.match(complaintsAbout('[{a: '.repeat(50_000))[0] ?? '', /not valid YAML|nested too deeply/)
})

test('a key cannot forge lines of the report', () => {
  assert.deepEqual(complaintsAbout('namespaces: []\n"a\\nr.yaml:9:9: b\\e[0m": 1\n'), [
    '2:1: "a\\nr.yaml:9:9: b\\u001b[0m": unknown key; there are namespaces',
  ])
  assert.match(complaintsAbout(`namespaces: []\n${'k'.repeat(200)}: 1\n`)[0] ?? '', /^2:1: k{60}…: unknown key/)
})

test('of very many problems the first ones are told', () => {
  const text = `namespaces:\n${'  - {nam: x}\n'.repeat(20_000)}`
  assert.throws(
    () => parseDeclaredResources(text, 'r.yaml'),
    (error) => {
      assert.ok(isRelayError(error, 'InvalidConfiguration'))
      const lines = error.message.split('\n')
      assert.equal(lines.length, 51)
      assert.equal(lines.at(-1), '... and 39950 more')
      return true
    },
  )
})

test('who has to correct keys of the file is told so, and where they are explained', () => {
  const help = /^Correct the keys that are named: they are of the resources file, .*resources-file\.md/
  assert.throws(() => parseDeclaredResources('namespaces: [{ nam: local }]', 'relay.yaml'), { help })
})

test('names of the prototype are names like others', () => {
  assert.match(
    complaintsAbout('__proto__: {namespaces: []}\nconstructor: 1\n').join('\n'),
    /^1:1: __proto__: unknown key.*\n2:1: constructor: unknown key/m,
  )
})

function complaintsAbout(text: string): string[] {
  try {
    parseDeclaredResources(text, 'r.yaml')
  } catch (error) {
    assert.ok(isRelayError(error, 'InvalidConfiguration'), String(error))
    return error.message.split('\n').map((line) => {
      assert.match(line, /^(?:r\.yaml:|\.\.\. and \d+ more$)/)
      return line.replace('r.yaml:', '')
    })
  }
  return []
}
