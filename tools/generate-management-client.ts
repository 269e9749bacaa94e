// Writes packages/management/src/operations.ts, the part of the typed client that is made from the route table. With --check it
// writes nothing and fails when the file is stale or missing, so that nobody compiles against a route that is not there.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { routeTable } from '../packages/server/src/management/route-table.ts'
import { managementOperations } from './management-operations.ts'

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    file: {
      type: 'string',
      default: fileURLToPath(new URL('../packages/management/src/operations.ts', import.meta.url)),
    },
  },
})

const text = managementOperations(routeTable)
const isStale = readFile() !== text

if (values.check) {
  if (isStale) console.error(`${values.file} is stale: run npm run docs`)
  console.log(
    `generate-management-client: ${routeTable.length} operations checked, ${isStale ? 'stale' : 'up to date'}`,
  )
  process.exitCode = isStale ? 1 : 0
} else {
  if (isStale) writeFileSync(values.file, text)
  console.log(`generate-management-client: ${routeTable.length} operations, ${isStale ? 'written' : 'up to date'}`)
}

function readFile(): string | undefined {
  try {
    return readFileSync(values.file, 'utf8')
  } catch {
    return undefined
  }
}
