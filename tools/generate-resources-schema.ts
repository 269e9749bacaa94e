// Writes docs/reference/resources.schema.json, by which editors check a resources file while it is typed. With --check it
// writes nothing and fails when the file is stale or missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { resourcesJsonSchema } from '../packages/server/src/storage/declared-resources-schema.ts'

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    folder: { type: 'string', default: fileURLToPath(new URL('../docs/reference', import.meta.url)) },
  },
})

const file = join(values.folder, 'resources.schema.json')
const text = `${JSON.stringify(resourcesJsonSchema(), null, 2)}\n`
const isStale = readFile() !== text

if (values.check) {
  if (isStale) console.error(`${file} is stale: run node tools/generate-resources-schema.ts`)
  console.log(`generate-resources-schema: 1 file checked, ${isStale ? 1 : 0} stale`)
  process.exitCode = isStale ? 1 : 0
} else {
  if (isStale) writeFileSync(file, text)
  console.log(`generate-resources-schema: 1 file, ${isStale ? 1 : 0} written`)
}

function readFile(): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
