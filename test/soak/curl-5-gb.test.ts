import { test } from 'node:test'
import { expectDownload, expectUpload } from '../system/curl-transfer.ts'
import { missingPrograms } from '../system/run-program.ts'

const skip = missingPrograms({ curl: 'curl' })
const transfer = { bytes: 5_000_000_000, timeoutMs: 1_800_000 }

test('5 GB are uploaded while the relay stays under 200 MB', { skip }, (context) => expectUpload(context, transfer))

test('5 GB are downloaded while the relay stays under 200 MB', { skip }, (context) => expectDownload(context, transfer))
