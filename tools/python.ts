import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TOOLS } from './places.ts'

/** The clients and checkers that the suites take from PyPI, in exactly these versions. */
const PACKAGES = [
  'awscli==1.46.3',
  'boto3==1.44.5',
  // Without it boto3 cannot compute CRC32C and CRC64NVME.
  'awscrt==0.38.1',
  'cryptography==50.0.2',
  'deltalake==1.6.6',
  'pyarrow==26.0.1',
  'pyiceberg[pyarrow,sql-sqlite]==0.12.0',
]

const VENV = join(TOOLS, 'python')

/** The path of a program (`python`, `aws`) in the suites' own Python environment, made on first use. */
export async function pythonProgram(name: 'python' | 'aws'): Promise<string> {
  await pythonEnvironment(VENV, PACKAGES)
  return join(VENV, 'bin', name)
}

/** Makes a virtual environment with exactly these packages from PyPI, unless it is there. */
export async function pythonEnvironment(folder: string, packages: readonly string[]): Promise<void> {
  const made = join(folder, 'installed.txt')
  const wanted = packages.join('\n')
  if ((await readFile(made, 'utf8').catch(() => '')) === wanted) return
  await promisify(execFile)('python3', ['-m', 'venv', '--clear', folder])
  await promisify(execFile)(join(folder, 'bin', 'pip'), ['install', '--quiet', ...packages])
  await writeFile(made, wanted)
}
