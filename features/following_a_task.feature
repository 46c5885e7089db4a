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
