// Is every lesson a valid experiment, and is its text short enough for the place where it stands?
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { experimentSchema } from '../../src/core/experiment.ts'
import { findLesson, LESSONS } from '../../src/lessons/catalogue.ts'

describe.each(LESSONS.map((lesson) => [lesson.id, lesson] as const))('lesson %s', (_id, lesson) => {
  test('is an experiment that needs no repair, and so is its twist', () => {
    expect(v.safeParse(experimentSchema, lesson.experiment).issues).toBeUndefined()
    expect(v.safeParse(experimentSchema, lesson.twist.experiment).issues).toBeUndefined()
  })
  test('has a twist that changes something', () => {
    expect(lesson.twist.experiment).not.toEqual(lesson.experiment)
  })
  test('asks a question, offers its answer, and fits the strip', () => {
    expect(lesson.question.endsWith('?')).toBe(true)
    expect(lesson.shortQuestion.length).toBeLessThanOrEqual(60)
    expect(lesson.question.length).toBeLessThanOrEqual(90)
    expect(lesson.choices[lesson.answer]).toBeDefined()
  })
})

test('findLesson finds every listed lesson by id and revision, and nothing else', () => {
  for (const lesson of LESSONS) expect(findLesson(lesson.id, lesson.revision)).toBe(lesson)
  expect(findLesson('race', 999)).toBeNull()
  expect(findLesson('__proto__', null)).toBeNull()
})

test('ids are unique and safe in a link', () => {
  const ids = LESSONS.map((lesson) => `${lesson.id}.${lesson.revision}`)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { id } of LESSONS) expect(id).toMatch(/^[a-z][a-z-]*$/)
})
