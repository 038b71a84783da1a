import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Judgement, JudgeTask, Verdict } from './judge.ts'

const PROGRAM = fileURLToPath(new URL('./judge-process.ts', import.meta.url))
const DEADLINE = 120_000

/**
 * Judges submissions in a child process that ends behind it, so that shares are never open in the
 * custodian's own memory. JavaScript cannot promise to wipe; an ended process has no memory.
 */
export async function judgeApart(task: JudgeTask): Promise<Judgement> {
  const child = spawn(process.execPath, ['--disable-sigusr1', PROGRAM], {
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: DEADLINE,
  })
  const output: Buffer[] = []
  child.stdout.on('data', chunk => output.push(chunk))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  child.stdin.on('error', () => {
    // The exit code says it.
  })
  child.stdin.end(writeTask(task))
  if ((await ended) !== 0) throw new Error('the process that judges shares has failed: try again')
  const answer = Buffer.concat(output)
  for (const chunk of output) chunk.fill(0)
  return readJudgement(answer)
}

function writeTask(task: JudgeTask): string {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  return JSON.stringify({
    ...task,
    publicKey: text(task.publicKey),
    privateKey: text(task.privateKey),
    submissions: task.submissions.map(text),
  })
}

function readJudgement(answer: Buffer): Judgement {
  const end = 4 + answer.readUInt32BE(0)
  const verdicts = JSON.parse(answer.toString('utf8', 4, end)) as Verdict[]
  const root = Uint8Array.from(answer.subarray(end))
  answer.fill(0)
  return root.length === 32 ? { verdicts, root } : { verdicts }
}
