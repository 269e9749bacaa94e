import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseOptionFile, readOptionFile } from './option-file.ts'
import { OptionsError } from './options-error.ts'

function placesOf(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof OptionsError)
    return error.problems.map(({ where }) => where)
  }
  assert.fail('the file was accepted')
}

test('a file gives its values and where each name stands', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-file-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'relay.yaml')
  writeFileSync(path, '# relay\ndataPort: 443\n\nmanagementHosts:\n  - admin.example.test\n')
  const file = readOptionFile(path)
  assert.deepEqual(file.values, { dataPort: 443, managementHosts: ['admin.example.test'] })
  assert.equal(file.positionOf?.('dataPort'), '2:1')
  assert.equal(file.positionOf?.('managementHosts'), '4:1')
  assert.equal(file.positionOf?.('other'), undefined)
})

test('an empty file has no values and JSON is read too', () => {
  assert.deepEqual(parseOptionFile('f', '').values, {})
  assert.deepEqual(parseOptionFile('f', '# only a comment\n').values, {})
  assert.deepEqual(parseOptionFile('f', '{"dataPort": 1}').values, { dataPort: 1 })
})

test('faults of the file are told with line and column', () => {
  assert.deepEqual(
    placesOf(() => parseOptionFile('f.yaml', 'dataPort: 1\ndataPort: 2\n')),
    ['f.yaml:2:1'],
  )
  assert.deepEqual(
    placesOf(() => parseOptionFile('f.yaml', 'a: 1\nb: "open\n')),
    ['f.yaml:3:1'],
  )
  assert.deepEqual(
    placesOf(() => parseOptionFile('f.yaml', '- a\n')),
    ['f.yaml:1:1'],
  )
  assert.deepEqual(
    placesOf(() => readOptionFile('/does/not/exist.yaml')),
    ['/does/not/exist.yaml'],
  )
})

test('a fault never repeats what stands in the file, which may be a secret', () => {
  for (const text of ['a: &b\n  c: *geheim', 'a: "\\geheim', '!geheim a: 1\nb', 'a: [geheim']) {
    assert.throws(
      () => parseOptionFile('f.yaml', text),
      (error: Error) => error instanceof OptionsError && !error.message.includes('geheim'),
      text,
    )
  }
  assert.throws(() => parseOptionFile('f.yaml', '[{a: '.repeat(50_000)), OptionsError)
})
