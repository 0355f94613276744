import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue';

/** Whether an element is in sight; charts that are not are not drawn. */
export function useInView(element: Ref<HTMLElement | null>): Ref<boolean> {
  const isInView = ref(false);
  let observer: IntersectionObserver | undefined;
  onMounted(() => {
    if (!element.value) return;
    observer = new IntersectionObserver((entries) => (isInView.value = entries.at(-1)?.isIntersecting ?? false));
    observer.observe(element.value);
  });
  onBeforeUnmount(() => observer?.disconnect());
  return isInView;
}
