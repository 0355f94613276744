import { shallowRef } from 'vue';

/** A question before something that cannot be taken back. */
export interface Confirmation {
  readonly title: string;
  /** What will happen, in a sentence. */
  readonly text: string;
  /** The verb on the button: "Delete", "Stop". */
  readonly action: string;
  readonly isDangerous?: boolean;
}

interface Pending extends Confirmation {
  readonly answer: (yes: boolean) => void;
}

/** The question that is asked now; drawn once, by ConfirmDialog. */
export const pendingConfirmation = shallowRef<Pending>();

/** Asks, and resolves to whether the user agreed. A new question answers an open one with no. */
export function confirm(question: Confirmation): Promise<boolean> {
  pendingConfirmation.value?.answer(false);
  return new Promise((resolve) => {
    pendingConfirmation.value = {
      ...question,
      answer: (yes) => {
        pendingConfirmation.value = undefined;
        resolve(yes);
      },
    };
  });
}
