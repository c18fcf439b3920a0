/** The store cannot be opened. The message says what is wrong and what to do, for the person who starts Postern. */
export class StoreProblem extends Error {
  override readonly name = "StoreProblem";
}
