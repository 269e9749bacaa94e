import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { parseByteRange } from './byte-range.ts'
import { DownloadsDoor } from './downloads-door.ts'
import { DownloadsFolder } from './downloads-folder.ts'

const archive = 'postern-1.0.0-linux-x64.tar.gz'
const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex')

interface Bed {
  readonly folder: string
  readonly port: number
  readonly url: string
}

async function open(t: TestContext, { maxTransfers = 4 } = {}): Promise<Bed> {
  const outer = mkdtempSync(join(tmpdir(), 'postern-downloads-'))
  t.after(() => rmSync(outer, { recursive: true, force: true }))
  const folder = join(outer, 'served')
  mkdirSync(folder)
  writeFileSync(join(outer, 'secret'), 'secret')
  writeFileSync(join(folder, 'unlisted'), 'unlisted')
  writeFileSync(join(folder, archive), 'the archive')
  writeFileSync(join(folder, 'SHA256SUMS'), `${sha256('the archive')}  ${archive}\n`)
  writeFileSync(join(folder, 'SHA256SUMS.sig'), 'signature')
  const door = new DownloadsDoor({ folder: new DownloadsFolder(folder), maxTransfers })
  const server = createServer((request, response) => {
    if (!door.serve(request, response)) response.writeHead(418).end()
  }).listen(0, '127.0.0.1')
  t.after(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { folder, port, url: `http://127.0.0.1:${port}/downloads` }
}

async function indexOf(url: string): Promise<{ readonly files: readonly { readonly name: string }[] }> {
  return (await (await fetch(url)).json()) as { files: { name: string }[] }
}

/** As it is written: fetch would tidy the path up. */
async function raw(
  port: number,
  path: string,
  method = 'GET',
  headers = {},
): Promise<{ status: number; body: string }> {
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers }).end()
  const [response] = await once(request, 'response', { signal: AbortSignal.timeout(10_000) })
  return { status: response.statusCode, body: await text(response) }
}

describe('downloads', () => {
  test('the index tells programs and people what there is', async (t) => {
    const { url } = await open(t)
    const index = await indexOf(url)
    assert.deepEqual(
      index.files.map(({ name }) => name),
      ['SHA256SUMS', 'SHA256SUMS.sig', archive],
    )
    assert.deepEqual(index.files.at(-1), { name: archive, bytes: 11, sha256: sha256('the archive') })
    const page = await fetch(`${url}/`, { headers: { Accept: 'text/html' } })
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(await page.text(), new RegExp(`href="/downloads/${archive}"`))
  })

  test('a file comes with its length, its digest and its tag; HEAD says the same without it', async (t) => {
    const { url } = await open(t)
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`${url}/${archive}`, { method })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-length'), '11')
      assert.equal(answer.headers.get('etag'), `"${sha256('the archive')}"`)
      const digest = createHash('sha256').update('the archive').digest('base64')
      assert.equal(answer.headers.get('repr-digest'), `sha-256=:${digest}:`)
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      assert.equal(await answer.text(), method === 'GET' ? 'the archive' : '')
    }
    assert.equal(await (await fetch(`${url}/SHA256SUMS.sig`)).text(), 'signature')
  })

  test('whoever has it already is told so', async (t) => {
    const { url } = await open(t)
    const tag = `"${sha256('the archive')}"`
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const answer = await fetch(`${url}/${archive}`, { headers: { 'If-None-Match': known } })
      assert.equal(answer.status, 304, known)
    }
    assert.equal((await fetch(`${url}/${archive}`, { headers: { 'If-None-Match': '"other"' } })).status, 200)
  })

  test('a download goes on where it was broken off, unless it is another file by now', async (t) => {
    const { port } = await open(t)
    const path = `/downloads/${archive}`
    const part = (headers: object): Promise<unknown> => raw(port, path, 'GET', headers)
    assert.deepEqual(await part({ Range: 'bytes=4-' }), { status: 206, body: 'archive' })
    assert.deepEqual(await part({ Range: 'bytes=4-', 'If-Range': '"old"' }), { status: 200, body: 'the archive' })
    assert.deepEqual(await part({ Range: 'bytes=0-0,2-3' }), { status: 200, body: 'the archive' })
    assert.equal((await raw(port, path, 'GET', { Range: 'bytes=11-' })).status, 416)
    const sums = `${sha256('the archive')}  ${archive}\n`
    assert.deepEqual(await raw(port, '/downloads/SHA256SUMS', 'GET', { Range: 'bytes=-5' }), {
      status: 206,
      body: sums.slice(-5),
    })
  })

  test('ranges are read as RFC 9110 says', () => {
    assert.deepEqual(parseByteRange('bytes=0-3', 10), { start: 0, end: 3 })
    assert.deepEqual(parseByteRange('bytes=5-999', 10), { start: 5, end: 9 })
    assert.deepEqual(parseByteRange('bytes=-99', 10), { start: 0, end: 9 })
    assert.equal(parseByteRange('bytes=-0', 10), 'unsatisfiable')
    assert.equal(parseByteRange('bytes=0-', 0), 'unsatisfiable')
    for (const odd of ['bytes=-', 'bytes=3-1', 'lines=1-2', 'bytes=1e3-', 'bytes=99999999999999999999-', undefined]) {
      assert.equal(parseByteRange(odd, 10), undefined)
    }
  })

  test('nothing but the listed names is found, however it is asked for', async (t) => {
    const { port } = await open(t)
    const names = ['unlisted', '../secret', '..%2fsecret', '%2e%2e/secret', '..\\secret', './unlisted', '/etc/passwd']
    const more = [`./${archive}`, `${archive}/`, `${archive}%00`, 'postern%2D1.0.0-linux-x64.tar.gz', '__proto__', '.']
    for (const name of [...names, ...more]) assert.equal((await raw(port, `/downloads/${name}`)).status, 404, name)
    assert.equal((await raw(port, '/downloadsX')).status, 418)
  })

  test('links, folders and pipes are not served even if they are listed', { timeout: 20_000 }, async (t) => {
    const { folder, url } = await open(t)
    symlinkSync('../secret', join(folder, 'link'))
    mkdirSync(join(folder, 'folder'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const bad = ['link', 'folder', 'pipe', '../secret', '.hidden', '<b>', 'a b'].map(
      (name) => `${sha256('secret')}  ${name}\n`,
    )
    writeFileSync(join(folder, 'SHA256SUMS'), [...bad, `${sha256('the archive')}  ${archive}\n`].join(''))
    const { files } = await indexOf(url)
    assert.deepEqual(
      files.map(({ name }) => name),
      ['SHA256SUMS', 'SHA256SUMS.sig', archive],
    )
  })

  test('a file that became a link after the list was read is gone', async (t) => {
    const { folder, url } = await open(t)
    await fetch(url)
    rmSync(join(folder, archive))
    symlinkSync('../secret', join(folder, archive))
    assert.equal((await fetch(`${url}/${archive}`)).status, 404)
  })

  test('what is added to the list is served from then on', async (t) => {
    const { folder, url } = await open(t)
    assert.equal((await fetch(`${url}/new.deb`)).status, 404)
    writeFileSync(join(folder, 'new.deb'), 'new')
    writeFileSync(join(folder, 'SHA256SUMS'), `${sha256('new')}  new.deb\n`)
    assert.equal(await (await fetch(`${url}/new.deb`)).text(), 'new')
    assert.equal((await fetch(`${url}/${archive}`)).status, 404)
  })

  test('other methods are refused', async (t) => {
    const { port } = await open(t)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      assert.equal((await raw(port, `/downloads/${archive}`, method)).status, 405)
    }
  })

  test('more transfers than allowed are told to come back, and a place is free when one ends', async (t) => {
    const { folder, port, url } = await open(t, { maxTransfers: 1 })
    const large = 'x'.repeat(32 * 1024 * 1024)
    writeFileSync(join(folder, 'large'), large)
    writeFileSync(join(folder, 'SHA256SUMS'), `${sha256(large)}  large\n`)
    const slow = connect(port, '127.0.0.1')
    slow.write('GET /downloads/large HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(slow, 'readable')
    const answer = await fetch(`${url}/large`)
    assert.equal(answer.status, 503)
    assert.equal(answer.headers.get('retry-after'), '10')
    await answer.text()
    slow.destroy()
    await once(slow, 'close')
    const signal = AbortSignal.timeout(10_000)
    let status = 503
    while (status === 503 && !signal.aborted) ({ status } = await fetch(`${url}/large`, { method: 'GET' }))
    assert.equal(status, 200)
  })
})
