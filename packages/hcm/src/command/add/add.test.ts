import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createManagementClient, type ManagementClient, signInWithClientCredentials } from '@postern/management'
import type { TestRelay } from '@postern/testkit'
import { ask, metadataOf, signal, startBedRelay, startTarget } from '../../hcm-bed.contract.ts'
import { endOf, runHcmCommand, startHcm, startService } from '../../hcm-process.contract.ts'
import { chooseRule } from './find-listen-key.ts'
import { type Choice, pickHybridConnections } from './pick-hybrid-connections.ts'

const rules = [
  { name: 'both', rights: ['Listen' as const, 'Send' as const] },
  { name: 'defaultListener', rights: ['Listen' as const] },
]

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function subscriptionOf({ relay }: TestRelay): string {
  return relay.server.catalog.namespaceByName('local')!.subscriptionId
}

async function administratorOf({ relay }: TestRelay): Promise<ManagementClient> {
  const { clientId, clientSecret } = relay.bootstrapAdmin!
  const endpoint = relay.management
  const { accessToken } = await signInWithClientCredentials({
    endpoint,
    clientId,
    clientSecret: clientSecret.reveal(),
  })
  return createManagementClient({ endpoint, token: () => accessToken })
}

/** A management door in front of the relay's that remembers every token which it hands out. */
async function recordingDoor(t: TestContext, { relay }: TestRelay): Promise<{ url: string; tokens: Set<string> }> {
  const tokens = new Set<string>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const body = await buffer(request)
    const answered = await fetch(new URL(request.url ?? '/', relay.management), {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    })
    const text = (await answered.text()).replaceAll(relay.management, url)
    for (const [, token] of text.matchAll(/"(?:access|refresh|id)_token":"([^"]+)"/g)) tokens.add(token!)
    response.writeHead(answered.status, { 'Content-Type': answered.headers.get('content-type') ?? '' }).end(text)
  }
  const door = createServer((request, response) => void answer(request, response))
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  t.after(() => {
    door.close()
    door.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(door.address() as { port: number }).port}`
  return { url, tokens }
}

/** Does what a person does who reads address and code. */
async function approve({ relay }: TestRelay, command: ChildProcess): Promise<void> {
  let text = ''
  command.stderr!.setEncoding('utf8')
  while (!/enter the code \S+/.test(text))
    text += String((await once(command.stderr!, 'data', { signal: signal() }))[0])
  const [, code = ''] = /enter the code (\S+)/.exec(text) ?? []
  const password = relay.bootstrapAdmin!.clientSecret.reveal()
  const body = new URLSearchParams({ user_code: code, action: 'allow', name: 'admin', password })
  const answer = await fetch(`${relay.management}/device`, { method: 'POST', body })
  assert.equal(answer.status, 200)
}

/** Finds texts in the memory of a process, as one byte or two bytes for each character. */
function inMemory(pid: number, texts: readonly string[]): ReadonlySet<string> {
  const needles = texts.flatMap((text) => [Buffer.from(text, 'latin1'), Buffer.from(text, 'utf16le')])
  const found = new Set<string>()
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, first, last] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? []
    if (first === undefined || last === undefined) continue
    const [begin, end] = [BigInt(`0x${first}`), BigInt(`0x${last}`)]
    if (end - begin > 2n ** 30n) continue
    const buffer = Buffer.alloc(Number(end - begin))
    try {
      readSync(memory, buffer, 0, buffer.length, begin)
    } catch {
      continue
    }
    for (const [index, needle] of needles.entries())
      if (buffer.includes(needle)) found.add(texts[Math.floor(index / 2)]!)
  }
  return found
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
}

test('added by names and a sign-in by code; no token of the person is on disk or in the memory of the service', async (t) => {
  await using target = await startTarget('one')
  const userMetadata = metadataOf(`127.0.0.1:${target.port}`)
  await using relay = await startBedRelay(0, [{ name: 'db', userMetadata, rules }])
  const [folder, home] = [folderFor(t), folderFor(t)]
  const { program: service, log } = await startService(t, folder)
  const { url, tokens } = await recordingDoor(t, relay)
  const names = ['-s', subscriptionOf(relay), '-rg', 'postern', '-ns', 'local', '-n', 'db']
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), POSTERN_CONFIG_DIR: join(home, 'postern') }
  const command = startHcm(folder, ['add', '--endpoint', url, ...names, '-o', 'json'], env)
  const ended = endOf(command)
  await approve(relay, command)
  const { code, stdout, stderr } = await ended
  assert.equal(code, 0, stderr)
  assert.deepEqual([JSON.parse(stdout).Name, JSON.parse(stdout).Status], ['db', 'Connected'])
  assert.equal(await ask(relay, 'db', 'x'), 'one x')

  assert.ok(tokens.size >= 2, 'an access token and a refresh token were handed out')
  for (const path of [...filesBelow(folder), ...filesBelow(home)])
    for (const token of tokens) assert.equal(readFileSync(path, 'utf8').includes(token), false, path)
  assert.deepEqual(filesBelow(home), [])
  for (const token of tokens) assert.equal((stdout + stderr + log()).includes(token), false)
  if (process.platform !== 'linux') return
  const known = ['SharedAccessKeyName=defaultListener', `127.0.0.1:${target.port}`]
  const found = inMemory(service.pid!, [...tokens, ...known])
  assert.ok(
    known.every((text) => found.has(text)),
    'what the service does know is found',
  )
  assert.deepEqual([...found].toSorted(), known.toSorted(), 'and no token')
})

test('one that is there already, or that is not there at all, fails with its reason', async (t) => {
  await using relay = await startBedRelay(0, [{ name: 'db', rules }, { name: 'keyless' }])
  const folder = folderFor(t)
  await startService(t, folder)
  const { clientId, clientSecret } = relay.relay.bootstrapAdmin!
  const env = {
    POSTERN_ENDPOINT: relay.relay.management,
    POSTERN_CLIENT_ID: clientId,
    POSTERN_CLIENT_SECRET: clientSecret.reveal(),
  }
  const add = (name: string): ReturnType<typeof endOf> =>
    endOf(startHcm(folder, ['add', '-s', subscriptionOf(relay), '-rg', 'postern', '-ns', 'local', '-n', name], env))
  const first = await add('db')
  assert.match(first.stdout, /^Connection added successfully\n/, first.stderr)
  const again = await add('db')
  assert.deepEqual([again.code, /Connection already exists/.test(again.stderr)], [1, true])
  const keyless = await add('keyless')
  assert.match(
    keyless.stderr,
    /has no rule with the right Listen\n  Make one: postern relay hyco authorization-rule create/,
  )
  const missing = await add('gone')
  assert.notEqual(missing.code, 0)
  assert.doesNotMatch(missing.stderr, /\bat .*\.ts:/)
})

test('without a terminal nobody is asked, and half of the names are not enough', async (t) => {
  const folder = folderFor(t)
  const bare = await runHcmCommand(folder, 'add')
  assert.equal(bare.code, 2)
  assert.match(bare.stderr, /there is no terminal to ask at\. Give the connection string/)
  const half = await runHcmCommand(folder, 'add', '-ns', 'local', '-n', 'db')
  assert.equal(half.code, 2)
  assert.match(half.stderr, /given all together: -s SUBSCRIPTION -rg GROUP/)
  mkdirSync(join(folder, 'config'))
  const nobody = await endOf(
    startHcm(folder, ['add', '-s', 'a', '-rg', 'b', '-ns', 'c', '-n', 'd'], {
      POSTERN_CONFIG_DIR: join(folder, 'config'),
    }),
  )
  assert.match(nobody.stderr, /it does not run/)
})

test('a person picks among what the relay shows; what is here already cannot be ticked', async () => {
  await using relay = await startBedRelay(0, [
    { name: 'a', userMetadata: metadataOf('a.corp:1'), rules },
    { name: 'b', rules },
  ])
  const shown: string[] = []
  const places = await pickHybridConnections(await administratorOf(relay), {
    prompts: {
      one: () => Promise.reject(new Error('there is one subscription only')),
      several: async <Value>(_message: string, choices: readonly Choice<Value>[]) => {
        shown.push(...choices.map(({ name, disabled }) => `${name}${disabled === undefined ? '' : ` ${disabled}`}`))
        return choices.filter(({ disabled }) => disabled === undefined).map(({ value }) => value)
      },
    },
    isKnown: ({ host, place }) => host === relay.host.split(':')[0] && place.hybridConnectionName === 'b',
  })
  assert.deepEqual(shown, ['local/a  leads to a.corp:1', 'local/b  it says no endpoint (is here already)'])
  assert.deepEqual(
    places.map(({ namespaceName, hybridConnectionName }) => `${namespaceName}/${hybridConnectionName}`),
    ['local/a'],
  )
})

test('the key of a rule that may only listen comes first, then one of any rule that may', () => {
  const [send, both, listen] = [{ rights: ['Send'] }, { rights: ['Listen', 'Send'] }, { rights: ['Listen'] }]
  assert.equal(chooseRule([send, both, listen]), listen)
  assert.equal(chooseRule([send, both]), both)
  assert.equal(chooseRule([send]), undefined)
})
