import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianProgram } from './debian.ts'
import { TOOLS } from './places.ts'

/** Libraries of Java with all that they need, as `group:artifact:version`. */
export interface JavaLibraries {
  readonly name: string
  readonly artifacts: readonly string[]
  /** Those that come without what they ask for: the rest of the list has as much of it as is used. */
  readonly alone?: readonly string[]
}

/** The AWS SDK for Java 1.x, the last there will be. */
export const SDK_V1: JavaLibraries = {
  name: 'sdk-v1',
  artifacts: ['com.amazonaws:aws-java-sdk-s3:1.12.797'],
}

/** The AWS SDK for Java 2.x before it sent checksums of its own accord, which came with 2.30. */
export const SDK_V2_29: JavaLibraries = {
  name: 'sdk-v2-29',
  artifacts: ['software.amazon.awssdk:s3:2.29.52'],
}

export const SDK_V2: JavaLibraries = {
  name: 'sdk-v2',
  artifacts: ['software.amazon.awssdk:s3:2.57.8'],
}

/** Hadoop's S3A asks for all of the AWS SDK in one archive of 600 MB; these are the parts that it uses. */
export const HADOOP_S3A: JavaLibraries = {
  name: 'hadoop-s3a',
  artifacts: [
    'org.apache.hadoop:hadoop-client-api:3.4.2',
    'org.apache.hadoop:hadoop-client-runtime:3.4.2',
    'org.apache.commons:commons-lang3:3.18.0',
    'software.amazon.awssdk:s3:2.29.52',
    'software.amazon.awssdk:s3-transfer-manager:2.29.52',
    'software.amazon.awssdk:sts:2.29.52',
  ],
  alone: ['org.apache.hadoop:hadoop-aws:3.4.2'],
}

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** The class path of the libraries, fetched by Maven on first use. */
export async function classPath(libraries: JavaLibraries): Promise<string> {
  const folder = join(TOOLS, 'java', libraries.name)
  const project = pom(libraries)
  const file = join(folder, 'pom.xml')
  if ((await readFile(file, 'utf8').catch(() => '')) !== project) {
    const maven = await debianProgram('mvn')
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const asked = join(folder, 'asked.xml')
    await writeFile(asked, project)
    const scope = ['-DincludeScope=runtime', `-DoutputDirectory=${folder}`]
    await promisify(execFile)(maven, ['-q', '-B', '-f', asked, COPY, ...scope])
    // Written last: what was broken off is begun anew.
    await writeFile(file, project)
  }
  return join(folder, '*')
}

/** The path of `java`, of a kit that compiles: the clients are run from their source. */
export async function java(): Promise<string> {
  await debianProgram('javac')
  return debianProgram('java')
}

const pom = ({
  name,
  artifacts,
  alone = [],
}: JavaLibraries) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>treuhand.test</groupId><artifactId>${name}</artifactId><version>1</version>
<dependencies>
${artifacts.map(artifact => dependency(artifact, '')).join('\n')}
${alone.map(artifact => dependency(artifact, ALL_EXCLUDED)).join('\n')}
</dependencies>
</project>
`

function dependency(coordinates: string, more: string): string {
  const [group, artifact, version] = coordinates.split(':')
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${more}</dependency>`
}

const ALL_EXCLUDED =
  '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>'
