import type { Component } from 'vue';

/** An entry of a menu; `separator` draws a line instead. */
export type MenuEntry =
  | { readonly separator: true }
  | {
      readonly separator?: false;
      readonly label: string;
      readonly icon?: Component;
      readonly shortcut?: string;
      readonly disabled?: boolean;
      readonly danger?: boolean;
      readonly run: () => void;
    };
