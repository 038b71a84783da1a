import { type Judgement, type JudgeTask, judge } from './judge.ts'

/**
 * The process in which shares are open: reads one task from stdin, writes one judgement to stdout, ends.
 * Started by `apart.ts` alone, with an empty environment.
 */
async function main(): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  const judgement = await judge(readTask(Buffer.concat(chunks).toString('utf8')))
  process.stdout.end(writeJudgement(judgement))
}

function readTask(text: string): JudgeTask {
  const task = JSON.parse(text) as Record<'publicKey' | 'privateKey', string> & {
    submissions: string[]
  } & Pick<JudgeTask, 'quorum' | 'sealedFor' | 'combine'>
  const bytes = (text: string) => Buffer.from(text, 'base64url')
  return {
    ...task,
    publicKey: bytes(task.publicKey),
    privateKey: bytes(task.privateKey),
    submissions: task.submissions.map(bytes),
  }
}

/** The verdicts as JSON behind their length in four bytes, then the root as it is: it never becomes a string. */
function writeJudgement({ verdicts, root }: Judgement): Buffer {
  const json = Buffer.from(JSON.stringify(verdicts))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  return Buffer.concat([length, json, root ?? Buffer.alloc(0)])
}

await main()
