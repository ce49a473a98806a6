// A doubly linked list whose links live in its elements: no allocation, O(1) removal. An element is
// in at most one list through each of its nodes, and must leave it before it dies.
#pragma once

#include <cassert>
#include <cstddef>

namespace seawall {

struct ListNode {
  ListNode* prev = nullptr;
  ListNode* next = nullptr;

  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }
  bool linked() const { return next != nullptr; }
  void unlink() {
    if (!next) return;
    prev->next = next;
    next->prev = prev;
    prev = next = nullptr;
  }
};

// `T` derives from ListNode (or from a tag class that does).
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.prev = head_.next = &head_; }
  ~IntrusiveList() {
    while (!empty()) front().ListNode::unlink();
    head_.prev = head_.next = nullptr;
  }
  bool empty() const { return head_.next == &head_; }
  T& front() { return *static_cast<T*>(head_.next); }
  T& back() { return *static_cast<T*>(head_.prev); }
  void push_front(T& e) { insert_after(&head_, &e); }
  void push_back(T& e) { insert_after(head_.prev, &e); }
  T* pop_front() {
    if (empty()) return nullptr;
    T* e = &front();
    static_cast<ListNode*>(e)->unlink();
    return e;
  }
  // The element behind `e`, or nullptr at the end.
  T* next(const T& e) const {
    ListNode* n = static_cast<const ListNode&>(e).next;
    return n == &head_ ? nullptr : static_cast<T*>(n);
  }
  T* first() { return empty() ? nullptr : &front(); }

 private:
  static void insert_after(ListNode* at, ListNode* n) {
    assert(!n->linked());
    n->prev = at;
    n->next = at->next;
    at->next->prev = n;
    at->next = n;
  }
  ListNode head_;
};

}  // namespace seawall
