import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { folderFor, signal, until } from '../connector-bed.contract.ts'
import { cleanHostsFile, foreignAddresses, HostsFile } from './hosts-file.ts'
import { hostsLines } from './hosts-lines.ts'
import { readHostsBlocks, withHostsBlock, withoutHostsBlocks } from './hosts-text.ts'

const usual = '127.0.0.1\tlocalhost\n::1 localhost\n\n# a remark\n10.0.0.1 db.corp\n'

interface Bed {
  readonly path: string
  readonly folder: string
  readonly open: (id: string, socketPath?: string, watchIntervalMs?: number) => HostsFile
}

function startBed(t: TestContext): Bed {
  const files: HostsFile[] = []
  // They go before the folder does: hooks run in the order in which they are made.
  t.after(() => Promise.all(files.map((file) => file.remove().catch(() => {}))))
  const folder = folderFor(t)
  const path = join(folder, 'hosts')
  writeFileSync(path, usual)
  return {
    path,
    folder,
    open: (id, socketPath = join(folder, `${id}.sock`), watchIntervalMs = 50) => {
      const file = new HostsFile({
        path,
        id,
        socketPath,
        watchIntervalMs,
        onProblem: (error) => assert.fail(String(error)),
      })
      files.push(file)
      return file
    },
  }
}

/** Somebody who answers at a socket, as a running connector does. */
async function answerAt(t: TestContext, socketPath: string): Promise<() => void> {
  const server = createServer((socket) => socket.destroy()).listen(socketPath)
  await once(server, 'listening')
  t.after(() => server.close())
  return () => void server.close()
}

test('the block stands before everything else, and takes nothing with it when it goes', async (t) => {
  const { path, open } = startBed(t)
  chmodSync(path, 0o640)
  const file = open('one')
  await file.set(['127.64.0.1 db.corp db'])
  const [head, line] = readFileSync(path, 'utf8').split('\n')
  assert.match(head ?? '', /^# postern connector begin one .*postern connector clean/)
  assert.equal(line, '127.64.0.1 db.corp db # postern')
  assert.ok(readFileSync(path, 'utf8').endsWith(usual))
  await file.set(['127.64.0.2 web.corp'])
  assert.doesNotMatch(readFileSync(path, 'utf8'), /127\.64\.0\.1/)
  assert.equal(statSync(path).mode & 0o777, 0o640)
  await file.remove()
  assert.equal(readFileSync(path, 'utf8'), usual)
})

test('of a block that somebody cut by hand, no line goes that is not ours', async (t) => {
  const { path, open } = startBed(t)
  const file = open('one')
  await file.set(['127.64.0.1 db.corp'])
  writeFileSync(path, readFileSync(path, 'utf8').replace(/# postern connector end one\n/, '192.0.2.1 mine\n'))
  await file.remove()
  assert.equal(readFileSync(path, 'utf8'), `192.0.2.1 mine\n${usual}`)
})

test('connectors of one machine have blocks of their own, written at the same time without loss', async (t) => {
  const { path, folder, open } = startBed(t)
  const ids = ['a', 'b', 'c', 'd', 'e']
  for (const id of ids) await answerAt(t, join(folder, `${id}.sock`))
  const files = ids.map((id) => open(id))
  await Promise.all(files.map((file, at) => file.set([`127.64.0.${at + 1} ${ids[at]}.corp`])))
  assert.deepEqual(
    readHostsBlocks(readFileSync(path, 'utf8'))
      .map(({ id }) => id)
      .toSorted(),
    ids,
  )
  await Promise.all(files.map((file) => file.remove()))
  assert.equal(readFileSync(path, 'utf8'), usual)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('draft')),
    [],
  )
})

test('what a dead connector left behind goes with the next one, and by clean; what a living one wrote stays', async (t) => {
  const { path, folder, open } = startBed(t)
  const stop = await answerAt(t, join(folder, 'living.sock'))
  const living = { id: 'living', socketPath: join(folder, 'living.sock'), lines: ['127.64.0.3 c.corp'] }
  const dead = { id: 'dead', socketPath: join(folder, 'dead.sock'), lines: ['127.64.0.4 d.corp'] }
  writeFileSync(path, withHostsBlock(withHostsBlock(usual, dead), living))
  await open('next').set(['127.64.0.5 e.corp'])
  const ids = (): readonly string[] => readHostsBlocks(readFileSync(path, 'utf8')).map(({ id }) => id)
  assert.deepEqual(ids(), ['next', 'living'])
  stop()
  const cleaned = await cleanHostsFile(path)
  assert.deepEqual(cleaned.map(({ id }) => id).toSorted(), ['living', 'next'])
  assert.equal(readFileSync(path, 'utf8'), usual)
})

test('a hosts file that somebody writes anew gets the block back', async (t) => {
  const { path, open } = startBed(t)
  await open('one').set(['127.64.0.1 db.corp'])
  writeFileSync(path, '127.0.0.1 localhost\n')
  await until(() => readFileSync(path, 'utf8').includes('127.64.0.1 db.corp'))
  assert.match(readFileSync(path, 'utf8'), /\n127\.0\.0\.1 localhost\n$/)
})

test('a block that is taken out while somebody writes the file anew does not come back', async (t) => {
  const { path, open } = startBed(t)
  const other = open('two')
  for (let round = 0; round < 20; round += 1) {
    const file = open('one', undefined, 1)
    await file.set(['127.64.0.1 db.corp'])
    writeFileSync(path, usual)
    // Far enough for a look to have begun, in one round or another.
    for (let step = 0; step < 4 * round; step += 1) await stat(path)
    await file.remove()
    await other.set(['127.64.0.2 web.corp'])
    await other.remove()
    assert.equal(readFileSync(path, 'utf8'), usual)
  }
})

test('a link to the file stays a link, and a draft that a dead program left is taken over', async (t) => {
  const { path, folder } = startBed(t)
  const link = join(folder, 'link')
  symlinkSync(path, link)
  const draft = `${path}.postern-draft`
  writeFileSync(draft, 'half')
  utimesSync(draft, 1, 1)
  const file = new HostsFile({ path: link, id: 'x', socketPath: '/nowhere', onProblem: () => {} })
  await file.set(['127.64.0.1 db.corp'])
  assert.match(readFileSync(path, 'utf8'), /127\.64\.0\.1 db\.corp/)
  await file.remove()
  assert.equal(readFileSync(link, 'utf8'), usual)
})

test('a draft that was left a moment ago, by a program killed amid its write, is waited for and taken over', async (t) => {
  const { path, open } = startBed(t)
  writeFileSync(`${path}.postern-draft`, 'half')
  await open('next').set(['127.64.0.1 db.corp'])
  assert.match(readFileSync(path, 'utf8'), /127\.64\.0\.1 db\.corp/)
  assert.equal(existsSync(`${path}.postern-draft`), false)
})

test('a file that may not be changed is said with the ways in that need no rights', async (t) => {
  const { folder } = startBed(t)
  const file = new HostsFile({ path: join(folder, 'none'), id: 'x', socketPath: '/nowhere', onProblem: () => {} })
  await assert.rejects(file.set(['127.64.0.1 db.corp']), { code: 'InvalidConfiguration', message: /cannot be changed/ })
})

test('a program killed while it writes leaves a whole file, and the next one takes its place', async (t) => {
  const { path, open } = startBed(t)
  const module = JSON.stringify(new URL('./hosts-file.ts', import.meta.url).href)
  const script = `
    const { HostsFile } = await import(${module})
    const file = new HostsFile({ path: ${JSON.stringify(path)}, id: 'killed', socketPath: '/nowhere', onProblem() {} })
    for (let i = 0; ; i += 1) {
      await file.set(Array.from({ length: 200 }, (_, at) => '127.64.' + (i % 250) + '.' + at + ' h' + at + '.corp'))
      if (i % 5 === 0) process.stdout.write('.')
    }`
  for (let round = 0; round < 3; round += 1) {
    const program = spawn(process.execPath, ['--conditions=@postern/source', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for (let chunks = 0; chunks < 3; chunks += 1) await once(program.stdout, 'data', { signal: signal() })
    program.kill('SIGKILL')
    await once(program, 'close')
    const text = readFileSync(path, 'utf8')
    assert.ok(text.endsWith(usual))
    assert.equal(readHostsBlocks(text)[0]?.lines.length, 200)
  }
  await open('next').set(['127.64.0.1 db.corp'])
  assert.deepEqual(
    readHostsBlocks(readFileSync(path, 'utf8')).map(({ id }) => id),
    ['next'],
  )
})

test('an address that stands for another host is not given to ours; for the same name it is', (t) => {
  const { path } = startBed(t)
  writeFileSync(
    path,
    withHostsBlock(`${usual}127.64.0.9 other.corp\n`, { id: 'own', socketPath: '/s', lines: ['127.64.0.1 db.corp'] }),
  )
  const isForeign = foreignAddresses(path, 'own')
  assert.deepEqual(
    [isForeign('127.64.0.9', 'db.corp'), isForeign('127.64.0.9', 'other.corp'), isForeign('127.64.0.1', 'x.corp')],
    [true, false, false],
  )
  assert.equal(foreignAddresses('/nowhere', 'own')('127.64.0.1', 'x'), false)
})

test('lines hold the names that a search would find, and no addresses', () => {
  const addresses = new Map([
    ['db.north.corp', '127.64.0.1'],
    ['10.0.0.5', '127.64.0.2'],
    ['corp', '127.64.0.3'],
  ])
  assert.deepEqual(hostsLines(addresses, ['corp', 'north.corp']), [
    '127.64.0.1 db.north.corp db.north db db.north.corp.',
    '127.64.0.3 corp corp.',
  ])
})

test('whatever stands in the file, a block comes and goes without a trace', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('# postern connector end x', '127.64.0.1 a', '', '# postern connector begin'),
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\n')
      const block = { id: 'one', socketPath: '/run/a b.sock', lines: ['127.64.0.1 db.corp'] }
      const written = withHostsBlock(text, block)
      assert.deepEqual(readHostsBlocks(written)[0], block)
      assert.equal(
        withoutHostsBlocks(written, ({ id }) => id === 'one'),
        text,
      )
    }),
  )
})
