import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { systemdUnit, unitName } from '@postern/hcm'
import { below, type ReleaseFile, textFile } from './release-file.ts'
import { type Architecture } from './release-files.ts'
import { writeAr } from './write-ar.ts'
import { type TarOptions, writeTar } from './write-tar.ts'

/** Where the package puts a release: dpkg owns it, so there is one version only. */
const home = 'usr/lib/postern-hcm'

const debianArchitectures: Readonly<Record<Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }

/** What a Debian package is made of. */
export interface DebianPackageParts {
  readonly root: string
  readonly version: string
  readonly architecture: Architecture
  readonly files: readonly ReleaseFile[]
}

/** Name of the file of a package. */
export function debianFileName({
  version,
  architecture,
}: Pick<DebianPackageParts, 'version' | 'architecture'>): string {
  return `postern-hcm_${version}_${debianArchitectures[architecture]}.deb`
}

/** The bytes of a package, as deb(5) describes them. Written here, so that no Debian is needed to make one. */
export async function debianPackage(
  parts: DebianPackageParts,
  options: Omit<TarOptions, 'prefix'>,
): Promise<Uint8Array> {
  const data = dataFiles(parts)
  return writeAr(
    [
      { name: 'debian-binary', bytes: Buffer.from('2.0\n') },
      { name: 'control.tar.gz', bytes: await tarBytes(controlFiles(parts, data), options) },
      { name: 'data.tar.gz', bytes: await tarBytes(data, options) },
    ],
    options.modifiedAt,
  )
}

function dataFiles({ files }: DebianPackageParts): readonly ReleaseFile[] {
  const licence = files.find(({ path }) => path === 'LICENSE')
  if (licence === undefined) throw new Error('a release has a licence')
  return [
    ...below(
      home,
      files.filter(({ path }) => path !== 'install'),
    ),
    ...['hcm', 'postern'].map(
      (name): ReleaseFile => ({
        path: `usr/bin/${name}`,
        content: { kind: 'link', target: `../lib/postern-hcm/bin/${name}` },
      }),
    ),
    textFile(`usr/lib/systemd/system/${unitName}`, systemdUnit({ program: [`/${home}/bin/hcm`] })),
    textFile('etc/postern-hcm/environment', environmentFile),
    { ...licence, path: 'usr/share/doc/postern-hcm/copyright' },
  ]
}

const environmentFile = `# Read by systemd for postern-hcm.service: options of \`hcm run\` by their environment names, one a line.
# POSTERN_HCM_PROXY=http://proxy.corp:3128
# POSTERN_HCM_TLS_CA=/etc/postern-hcm/ca.pem
`

function controlFiles(
  { root, version, architecture }: DebianPackageParts,
  data: readonly ReleaseFile[],
): ReleaseFile[] {
  const script = (name: string): ReleaseFile =>
    textFile(name, readFileSync(join(root, 'tools/release/debian', name), 'utf8'), { isExecutable: true })
  const fields = {
    Package: 'postern-hcm',
    Version: version,
    Architecture: debianArchitectures[architecture],
    Maintainer: 'The Postern authors <postern@invalid>',
    'Installed-Size': String(Math.ceil(data.reduce((sum, file) => sum + sizeOf(file), 0) / 1_024)),
    // What the Node inside is linked against.
    Depends: 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 5.2)',
    Recommends: 'ca-certificates',
    Section: 'net',
    Priority: 'optional',
    Description:
      'Hybrid Connection Manager of Postern, with its service\n The agent beside private services: it dials out to a relay and leads the senders of\n hybrid connections to the services. It brings its own Node, and the command postern.',
  }
  const control = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`)
  return [
    textFile('control', control.join('')),
    textFile('conffiles', '/etc/postern-hcm/environment\n'),
    ...['postinst', 'prerm', 'postrm'].map(script),
  ]
}

function sizeOf({ content }: ReleaseFile): number {
  if (content.kind === 'copy') return statSync(content.from).size
  return content.kind === 'text' ? Buffer.byteLength(content.text) : 0
}

async function tarBytes(files: readonly ReleaseFile[], options: Omit<TarOptions, 'prefix'>): Promise<Uint8Array> {
  const stream = new PassThrough()
  const [bytes] = await Promise.all([buffer(stream), writeTar(files, stream, { ...options, prefix: './' })])
  return bytes
}
