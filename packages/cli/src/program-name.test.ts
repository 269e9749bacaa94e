import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { programName } from './program-name.ts'

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

test('from source the script in the root is named as it is reached from the working folder', () => {
  assert.equal(programName(root), './postern')
  assert.equal(programName(join(root, 'packages')), join(root, 'postern'))
  assert.equal(programName(dirname(root)).endsWith('/postern'), true)
})
