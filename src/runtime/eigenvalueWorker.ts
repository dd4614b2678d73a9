// The Worker of the Worker: eigenvalues of one large matrix after another, so that the run can answer its page meanwhile.
import { symmetricEigenvalues } from '../numerics/symmetricEigenvalues.ts'
import type { EigenvalueAnswer, EigenvalueQuestion } from './eigenvaluesElsewhere.ts'

self.onmessage = ({ data }: MessageEvent<EigenvalueQuestion>) => {
  let answer: EigenvalueAnswer
  try {
    answer = { id: data.id, eigenvalues: symmetricEigenvalues(data.matrix, data.n) }
  } catch (error) {
    answer = { id: data.id, problem: error instanceof Error ? error.message : String(error) }
  }
  self.postMessage(answer, { transfer: 'eigenvalues' in answer ? [answer.eigenvalues.buffer] : [] })
}
