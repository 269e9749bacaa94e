import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { productionTree } from './production-tree.ts'
import { copiedFile, type ReleaseFile, textFile } from './release-file.ts'

/** What a release is made of. */
export interface ReleaseParts {
  readonly root: string
  readonly version: string
  readonly architecture: Architecture
  /** Node for that architecture. */
  readonly nodeBinary: string
  /** Pinned where the release is installed: what signs the next one. */
  readonly publicPem: string
}

/** As Node calls them. */
export type Architecture = 'x64' | 'arm64'

/** Names that tell the one system for which a release is. */
export function platformOf(architecture: Architecture): string {
  return `linux-${architecture}`
}

/** Everything in a release, by its path below the folder in which it is installed. */
export function releaseFiles(parts: ReleaseParts): readonly ReleaseFile[] {
  const { root, version, architecture, nodeBinary, publicPem } = parts
  const platform = platformOf(architecture)
  const template = (name: string): string => readFileSync(join(root, 'tools/release/files', name), 'utf8')
  const program = (name: string, main: string): ReleaseFile =>
    textFile(`bin/${name}`, template('program.sh').replace('@MAIN@', main), { isExecutable: true })
  const install = template('install.sh').replace('@VERSION@', version).replace('@PLATFORM@', platform)
  return [
    copiedFile('LICENSE', join(root, 'LICENSE')),
    copiedFile('README.md', join(root, 'README.md')),
    copiedFile('NODE-LICENSE', licenceOfNode(root)),
    textFile('install', install, { isExecutable: true }),
    textFile('release.json', `${JSON.stringify({ name: 'postern', version, platform }, null, 2)}\n`),
    textFile('release-key.pub.pem', publicPem),
    copiedFile('bin/node', nodeBinary, { isExecutable: true }),
    program('hcm', '@postern/hcm/dist/main.js'),
    textFile('bin/hcm-service', template('hcm-service.sh'), { isExecutable: true }),
    program('postern', 'postern/dist/main.js'),
    ...productionTree(root, 'lib', version),
  ]
}

function licenceOfNode(root: string): string {
  return join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'LICENSE')
}
