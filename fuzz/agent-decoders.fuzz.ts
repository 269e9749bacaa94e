import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UnknownPortName } from '../packages/carrier/src/tunnels/port-name-refusal.ts'
import { encodeStreamContext, readStreamContext } from '../packages/carrier/src/tunnels/stream-context.ts'
import { readTargetAway } from '../packages/carrier/src/tunnels/target-away.ts'
import { readAtomEntry, readAtomError } from '../packages/client/src/entity/atom-entry.ts'
import { parseEndpoint } from '../packages/client/src/entity/endpoint.ts'
import { answersQuestion, isAnswerTo, readQuestion } from '../packages/connector/src/dns/question.ts'
import {
  readHostsBlocks,
  readHostsEntries,
  withHostsBlock,
  withoutHostsBlocks,
} from '../packages/connector/src/hosts/hosts-text.ts'
import { formatTarget, parseTarget } from '../packages/connector/src/names/endpoint-text.ts'
import { parseConnectorFile } from '../packages/connector/src/settings/connector-file.ts'
import { parseAppCredential } from '../packages/connector/src/sources/app-credential.ts'
import { parsePolicyRule } from '../packages/hcm/src/policy/policy-rule.ts'
import { formatState, parseState } from '../packages/hcm/src/state/hcm-state.ts'
import { formatEndpoint } from '../packages/protocol/src/resources/endpoint.ts'
import { fuzzRun } from './fuzz-run.ts'

// What the agents read: DNS packets of programs, files that people and other programs write, words of relays and of the other
// end. Each is read, or refused in words that name no value.

const words = fc.constantFrom(
  ...'db.corp 10.0.0.1 fd00::1 [fd00::1] *.corp :5432 :53U U : . .. , - / /8 8000-8100 # = \n \r\n \t é \u0000 0 65536'.split(
    ' ',
  ),
  ' ',
)
const texts = fc.oneof(
  fc.array(words, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
)

/** Returns undefined where it was refused. */
function readOrRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'InvalidConfiguration', String(error))
    return undefined
  }
}

test('DNS questions are read or not, and never beyond their packet', () => {
  const labels = fc.array(fc.string({ maxLength: 70 }), { maxLength: 6 })
  const packet = fc
    .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), labels, fc.uint8Array({ maxLength: 8 }))
    .map(([head, names, tail]) => {
      head.set([0, 1], 4)
      const name = names.flatMap((each) => [Buffer.byteLength(each, 'latin1') & 255, ...Buffer.from(each, 'latin1')])
      return Uint8Array.from([...head, ...name, 0, ...tail])
    })
  const property = fc.property(fc.oneof(packet, fc.uint8Array({ maxLength: 600 })), fc.nat(65_535), (bytes, id) => {
    const question = readQuestion(bytes)
    isAnswerTo(bytes, id)
    if (!question) return
    assert.ok(question.bytes.length <= bytes.length && question.bytes.length <= 12 + 256 + 4)
    assert.ok(answersQuestion(bytes, question))
    assert.ok(answersQuestion(question.bytes, question))
  })
  fc.assert(property, fuzzRun())
})

test('a hosts file keeps every line that is not ours, whatever stands in it', () => {
  const lines = fc.array(
    fc.oneof(
      texts.map((text) => text.replaceAll('\n', ' ')),
      fc.constantFrom(
        '# postern connector begin a /run/a.sock (hint)',
        '# postern connector end a',
        '# postern connector begin b /run/b.sock',
        '127.1.2.3 db.corp # postern',
        '127.0.0.1 localhost',
        '',
      ),
    ),
    { maxLength: 12 },
  )
  const property = fc.property(lines, (all) => {
    const text = all.join('\n')
    const block = { id: 'x', socketPath: '/run/x y.sock', lines: ['127.9.9.9 db.corp'] }
    const written = withHostsBlock(text, block)
    assert.deepEqual(
      readHostsBlocks(written).filter(({ id }) => id === 'x'),
      [block],
    )
    assert.equal(withHostsBlock(written, { ...block, lines: [] }), text)
    assert.ok(readHostsEntries(written).get('127.9.9.9')?.has('db.corp'))
    readHostsEntries(text, 'a')
    const cleaned = withoutHostsBlocks(text, () => true).split('\n')
    for (const line of all) if (!/# postern/.test(line)) assert.ok(cleaned.includes(line))
  })
  fc.assert(property, fuzzRun())
})

test('targets and endpoints are read back as they were written', () => {
  const property = fc.property(texts, (text) => {
    const endpoint = parseEndpoint(text)
    if (endpoint) assert.deepEqual(parseEndpoint(formatEndpoint(endpoint)), endpoint)
    const target = parseTarget(text)
    if (target) assert.deepEqual(parseTarget(formatTarget(target)), target)
  })
  fc.assert(property, fuzzRun())
})

test('rules of a site are read or refused, and read again mean the same', () => {
  const property = fc.property(texts, texts, (text, other) => {
    const rule = readOrRefused(() => parsePolicyRule(text))
    if (!rule) return
    assert.equal(parsePolicyRule(rule.text).text, rule.text)
    const endpoint = parseEndpoint(other) ?? { host: 'db.corp', port: 5432 }
    assert.equal(parsePolicyRule(rule.text).allowsName(endpoint), rule.allowsName(endpoint))
    rule.allowsAddress(endpoint)
  })
  fc.assert(property, fuzzRun())
})

test('files of agents are read or refused, and no refusal repeats a secret', () => {
  const json = fc.json({ maxDepth: 3 })
  const state = fc
    .record(
      {
        version: fc.constantFrom(1, 2, '1', null),
        listenerId: fc.constantFrom('l', 5, 'geheim'),
        policy: fc.constantFrom([], ['db:1'], [5], 'geheim'),
        hybridConnections: fc.constantFrom([], [{ connectionString: 'geheim' }], 'geheim', {}),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value))
  const yaml = fc
    .array(
      fc.constantFrom('endpoints:', '  - endpoint: db:1', '    connectionString: geheim', 'tls: [', '&a *a', 'x'),
      {
        maxLength: 8,
      },
    )
    .map((lines) => lines.join('\n'))
  const property = fc.property(fc.oneof(json, state, yaml, texts), (text) => {
    const refusals: string[] = []
    const note = <T>(read: () => T): T | undefined =>
      readOrRefused(() => {
        try {
          return read()
        } catch (error) {
          refusals.push(String(error))
          throw error
        }
      })
    const known = note(() => parseState(text, '/state.json'))
    if (known) assert.deepEqual(parseState(formatState(known), '/state.json'), known)
    note(() => parseAppCredential(text, '/app.json'))
    note(() => parseConnectorFile('/connector.yml', text))
    for (const refusal of refusals) assert.ok(!refusal.includes('geheim'), refusal)
  })
  fc.assert(property, fuzzRun())
})

test('what a relay or the other end says is read, and forges no line', () => {
  const context = fc.record({ trackingId: texts, client: texts })
  const property = fc.property(texts, context, (text, said) => {
    for (const read of [readStreamContext(text), readStreamContext(encodeStreamContext(said))]) {
      for (const value of [read.trackingId, read.client]) assert.ok(value === undefined || /^[ -~]{1,128}$/.test(value))
    }
    readTargetAway(new Error(text))
    UnknownPortName.read(new Error(`listener ${text} has no port name`), 'x')
    readAtomError(`<Error><Detail>${text}</Detail></Error>`)
    readAtomEntry(
      `<HybridConnectionDescription ><UserMetadata>${text}</UserMetadata><ListenerCount>${text}</ListenerCount>`,
    )
  })
  fc.assert(property, fuzzRun())
})
