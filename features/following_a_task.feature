Feature: Following a task
  Whoever uploaded a picture can see how far it is. Nobody else can see that it is there.

  Background:
    Given Ada is signed in

  Rule: The status is one of few words

    Scenario: From queued to completed
      Given the workers are paused
      When she uploads a photo
      Then the image is "queued"
      When the workers go on
      Then the image is soon "completed"

    Scenario: A picture that cannot be read ends in a failure with a reason
      When she uploads a photo that breaks off in the middle
      Then the image is soon "failed"
      And the task says why: one of "truncated, decode_failed"

    Scenario: The task tells what was done
      When she uploads a photo with the processing options {"resize": "300x300"}
      Then the image is soon "completed"
      And the task tells of 1 attempt and the size of its result

  Rule: A task can be given up, and run again

    Scenario: One that waits
      Given the workers are paused
      And Ada has uploaded a photo
      When she cancels the task
      And the workers go on
      Then the image is "cancelled"
      And the task tells of no attempt

    Scenario: One that is being drawn stops at once
      Given she has uploaded a photo that takes long to draw
      When she cancels the task while it is in progress
      Then the image is "cancelled"
      And the worker gives it up within a few seconds
      And nobody is told of an end

    Scenario: One that takes long says how far it is
      When she uploads a photo that takes long to draw
      Then the task's progress grows while she waits

    Scenario: One that has ended
      Given Ada has a completed image
      When she cancels the task
      Then the answer is refused as "illegal-transition"

    Scenario: Running a task again
      Given the workers are paused
      And Ada has uploaded a photo
      And she cancels the task
      When she has the task run again
      And the workers go on
      Then the image is "completed"
      And it is another task than before

    Scenario: Running a task again that has not ended
      Given the workers are paused
      And Ada has uploaded a photo
      When she has the task run again
      Then the answer is refused as "illegal-transition"

    Scenario: Bert cancels Ada's task, and has it run again
      Given the workers are paused
      And Ada has uploaded a photo
      And Bert is signed in
      When he cancels the task
      Then the answer is that there is nothing by that id
      When he has the task run again
      Then the answer is that there is nothing by that id

  Rule: Another's images are not there

    Scenario: Bert asks for Ada's image
      Given Ada has uploaded a photo
      And Bert is signed in
      When he asks for the status of Ada's image
      Then the answer is that there is nothing by that id

    Scenario Outline: Ids that never were
      When she asks for the status of image "<id>"
      Then the answer is that there is nothing by that id

      Examples:
        | id                                   |
        | 00000000-0000-4000-8000-000000000000 |
        | abc123                               |
        | ..%2f..%2fetc%2fpasswd               |
